"""Ground truth: the labels that arrive later, by the id of their event."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import msgspec

from monitoring_core.dataset.collector import Labels
from monitoring_core.dataset.lines import RecordFormat
from monitoring_core.dataset.payload import Payload, decode
from monitoring_core.dataset.quarantine import Quarantine, Reason, UnreadableRecordError
from monitoring_core.dataset.source import Source

_HOUR = re.compile(r"(?:^|/)(\d{4})/(\d{2})/(\d{2})/(\d{2})/[^/]+$")


class _EventMetadata(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    event_id: str


class _GroundTruthRecord(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    ground_truth_data: Payload
    event_metadata: _EventMetadata
    event_version: Any = None


def _count_quotes(records: Sequence[_GroundTruthRecord]) -> int:
    """Count two quotes for each key and each text of some records."""
    versions = sum([record.event_version is not None for record in records])
    return 16 * len(records) + 4 * versions


_FORMAT = RecordFormat(msgspec.json.Decoder(_GroundTruthRecord), Reason.NOT_A_GROUND_TRUTH_RECORD, _count_quotes)


@dataclass(frozen=True, slots=True)
class GroundTruth:
    """Labels by event.

    Attributes
    ----------
    labels : dict of str to tuple of (str or None)
        Id of the event (`CapturedEvent.join_id`) to one label per row of its request; None is missing.
    duplicates : int
        Records whose id had been seen before; the last one of an id is kept.
    collected : dict of str to datetime
        Id of the event to the hour in which its label was collected, where the object's key has one.
    payloads : dict of str to Payload
        The labels as they were written.
    """

    labels: dict[str, Labels] = field(default_factory=dict)
    duplicates: int = 0
    collected: dict[str, datetime] = field(default_factory=dict, repr=False)
    payloads: dict[str, Payload] = field(default_factory=dict, repr=False, compare=False)


def collection_hour(name: str) -> datetime | None:
    """Return the hour in the key of a ground truth object; None if it does not follow Amazon's layout.

    Examples
    --------
    >>> collection_hour("s3://bucket/labels/2013/04/01/12/0300.jsonl").isoformat()
    '2013-04-01T12:00:00+00:00'
    """
    match = _HOUR.search(name)
    try:
        return datetime(*map(int, match.groups()), tzinfo=UTC) if match else None  # type: ignore[arg-type, misc]
    except ValueError:  # such as month 13
        return None


def upload_order(name: str) -> tuple[datetime, str]:
    """Sort key that brings the objects of several prefixes into the order of their collection.

    Examples
    --------
    >>> sorted(["b/2013/04/01/12/x", "a/2013/04/01/13/x"], key=upload_order)
    ['b/2013/04/01/12/x', 'a/2013/04/01/13/x']
    """
    return collection_hour(name) or datetime.min.replace(tzinfo=UTC), name.rpartition("/")[2]


def read_ground_truth(sources: Iterable[Source], quarantine: Quarantine | None = None) -> GroundTruth:
    r"""Read ground truth records (contract 2.1).

    A label is CSV (one per line for a request with several rows), a JSON value or object with one
    leaf, or a JSON list of those under ``instances``.

    Parameters
    ----------
    sources : iterable of Source
        JSON Lines objects of one or more prefixes, in the order of their upload (`upload_order`).
    quarantine : Quarantine, optional
        Takes records that cannot be read, also those with more than one value per row.

    Examples
    --------
    >>> record = '{"groundTruthData":{"data":"%s","encoding":"CSV"},"eventMetadata":{"eventId":"%s"}}\n'
    >>> text = record % ("1", "a") + record % (r"0\n1", "b") + record % ("0", "a")
    >>> read_ground_truth([Source("labels.jsonl", text.encode())])
    GroundTruth(labels={'a': ('0',), 'b': ('0', '1')}, duplicates=1)
    """
    quarantine = Quarantine() if quarantine is None else quarantine
    truth, records = GroundTruth(), 0
    for source in sources:
        hour = collection_hour(source.name)
        for line, record in chain.from_iterable(_FORMAT.read(source, quarantine)):
            event_id, data = record.event_metadata.event_id, record.ground_truth_data
            try:
                truth.labels[event_id] = decode_labels(data)
            except UnreadableRecordError as error:
                excerpt = f"{event_id}: {data.data[:180]}"
                quarantine.add(source.name, line, error.reason, detail=error.detail, excerpt=excerpt)
                continue
            records += 1
            truth.payloads[event_id] = data
            if hour is not None:
                truth.collected[event_id] = hour
            else:
                truth.collected.pop(event_id, None)
    return replace(truth, duplicates=records - len(truth.labels))


def decode_labels(data: Payload) -> Labels:
    """Return one label per row.

    Raises
    ------
    UnreadableRecordError
        If it cannot be decoded, or a row has more than one value.

    Examples
    --------
    >>> decode_labels(Payload('{"instances": [{"label": 0}, {"label": null}]}', "JSON"))
    ('0', None)
    """
    if data.encoding == "CSV" and data.data.isalnum():
        return (data.data,)
    rows = decode(data).rows
    wide = next((row for row in rows if len(row.values) != 1), None)
    if wide is not None:
        raise UnreadableRecordError(Reason.NOT_A_GROUND_TRUTH_RECORD, f"{len(wide.values)} values in one row, not 1")
    return tuple(row.values[0] or None for row in rows)
