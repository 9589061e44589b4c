"""Ground truth: the labels that arrive later, by the id of their event."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain

import msgspec

from monitoring_core.dataset.lines import RecordFormat
from monitoring_core.dataset.payload import Payload, decode
from monitoring_core.dataset.quarantine import Quarantine, Reason, UnreadableRecordError
from monitoring_core.dataset.source import Source


class _EventMetadata(msgspec.Struct, frozen=True, rename="camel"):
    event_id: str


class _GroundTruthRecord(msgspec.Struct, frozen=True, rename="camel"):
    ground_truth_data: Payload
    event_metadata: _EventMetadata


_KEYS = (b'"groundTruthData"', b'"data"', b'"encoding"', b'"eventMetadata"', b'"eventId"')

_FORMAT = RecordFormat(
    msgspec.json.Decoder(_GroundTruthRecord),
    Reason.NOT_A_GROUND_TRUTH_RECORD,
    lambda records: dict.fromkeys(_KEYS, len(records)),
)


@dataclass(frozen=True, slots=True)
class GroundTruth:
    """Labels by event.

    Attributes
    ----------
    labels : dict of str to tuple of (str or None)
        Id of the event (`CapturedEvent.join_id`) to one label per row of its request; None is missing.
    duplicates : int
        Records whose id had been seen before; the last one of an id is kept.
    """

    labels: dict[str, tuple[str | None, ...]] = field(default_factory=dict)
    duplicates: int = 0


def read_ground_truth(sources: Iterable[Source], quarantine: Quarantine | None = None) -> GroundTruth:
    r"""Read ground truth records (contract 2.1).

    A label is CSV (one per line for a request with several rows), a JSON value or object with one
    leaf, or a JSON list of those under ``instances``.

    Parameters
    ----------
    sources : iterable of Source
        JSON Lines objects, in the order of their upload.
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
    labels: dict[str, tuple[str | None, ...]] = {}
    records = 0
    for source in sources:
        for line, record in chain.from_iterable(_FORMAT.read(source, quarantine)):
            event_id = record.event_metadata.event_id
            try:
                labels[event_id] = _labels(record.ground_truth_data)
            except UnreadableRecordError as error:
                excerpt = f"{event_id}: {record.ground_truth_data.data[:180]}"
                quarantine.add(source.name, line, error.reason, detail=error.detail, excerpt=excerpt)
            else:
                records += 1
    return GroundTruth(labels, duplicates=records - len(labels))


def _labels(data: Payload) -> tuple[str | None, ...]:
    rows = decode(data).rows
    wide = next((row for row in rows if len(row.values) != 1), None)
    if wide is not None:
        raise UnreadableRecordError(Reason.NOT_A_GROUND_TRUTH_RECORD, f"{len(wide.values)} values in one row, not 1")
    return tuple(row.values[0] or None for row in rows)
