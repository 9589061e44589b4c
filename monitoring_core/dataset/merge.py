"""The merge job: captured events and their labels, written as Amazon's merge job writes them (contract 2.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

import msgspec

from monitoring_core.dataset.capture import read_placed
from monitoring_core.dataset.capture_record import RecordReader, excerpt, read_records
from monitoring_core.dataset.collector import variant_of
from monitoring_core.dataset.ground_truth import GroundTruth, collection_hour
from monitoring_core.dataset.labelled import Join, JoinReport
from monitoring_core.dataset.quarantine import Quarantine, Reason
from monitoring_core.dataset.record_document import as_document
from monitoring_core.dataset.source import Source
from monitoring_core.window import Window

PART_BYTES: Final = 64 << 20
"""An object is complete with about this many bytes."""

_encode = msgspec.json.Encoder().encode


def write_merged(
    sources: Iterable[Source],
    ground_truth: GroundTruth,
    window: Window | None = None,
    quarantine: Quarantine | None = None,
    neighbours: Iterable[Source] = (),
    *,
    prefix: str,
    deadline: datetime | None = None,
    reader: RecordReader = read_records,
) -> tuple[Iterator[tuple[str, bytes]], JoinReport]:
    r"""Join captured events to their labels, and write them in Amazon's merged format.

    Parameters
    ----------
    sources, ground_truth, window, quarantine, neighbours, deadline, reader
        As in `read_labelled`.
    prefix : str
        What the keys begin with: ``<...>/merge/<endpoint>``, or ``<...>/merge/<schedule>`` for a batch transform.

    Returns
    -------
    iterator of (str, bytes)
        Keys ``<prefix>/<variant>/yyyy/mm/dd/hh/part-0000N-<uuid>.c000.jsonl`` (no variant for a batch
        transform) and their content, to be read once. The id is made of the content, so that the same
        content has the same key, and other content never replaces it.
    JoinReport
        Filled while the objects are read.

    Examples
    --------
    >>> from monitoring_core.dataset.payload import Payload
    >>> event = (b'{"captureData":{"endpointOutput":{"data":"0.33\\n","encoding":"CSV"}},'
    ...          b'"eventMetadata":{"eventId":"c57f","inferenceTime":"2023-02-13T21:03:35Z"}}')
    >>> source = Source("capture/flights/AllTraffic/2023/02/13/21/03-12-001-a.jsonl", event)
    >>> label = GroundTruth({"c57f": ("0",)}, payloads={"c57f": Payload("0", "CSV")})
    >>> objects, report = write_merged([source], label, prefix="merge/flights")
    >>> ((key, lines),) = objects
    >>> key[:50], report.matched
    ('merge/flights/AllTraffic/2023/02/13/21/part-00000-', 1)
    >>> lines[:87]
    b'{"eventVersion":"0","groundTruthData":{"data":"0","encoding":"CSV"},"captureData":{"end'
    """
    quarantine = Quarantine() if quarantine is None else quarantine
    join = Join(ground_truth, deadline)
    lines = _merge(sources, ground_truth, window, quarantine, neighbours, join, reader)
    return _objects(((f"{prefix}/{folder}", line) for folder, line in lines)), join.report


def _merge(
    sources: Iterable[Source],
    truth: GroundTruth,
    window: Window | None,
    quarantine: Quarantine,
    neighbours: Iterable[Source],
    join: Join,
    reader: RecordReader,
) -> Iterator[tuple[str, bytes]]:
    """Yield each merged record with its folder."""
    for source, records in read_placed(sources, window, quarantine, neighbours, reader):
        hour, variant = collection_hour(source.name), variant_of(source.name)
        for line, record in join.match(records):
            time = record.event_metadata.inference_time or hour
            if time is None:
                quarantine.add(source.name, line, Reason.NO_TIME, excerpt=excerpt(record))
                continue
            is_batch = record.capture_data.batch_transform_output is not None
            folder = f"{time:%Y/%m/%d/%H}" if is_batch or not variant else f"{variant}/{time:%Y/%m/%d/%H}"
            yield folder, _encode(as_document(record, truth.payloads[record.event_metadata.join_id]))
    join.finish()


def _objects(lines: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    parts: dict[str, int] = {}
    open_: dict[str, bytearray] = {}
    for folder, line in lines:
        content = open_.setdefault(folder, bytearray())
        content += line + b"\n"
        if len(content) >= PART_BYTES:
            parts[folder] = parts.get(folder, 0) + 1
            yield _object(folder, parts[folder] - 1, bytes(open_.pop(folder)))
    for folder, content in open_.items():
        yield _object(folder, parts.get(folder, 0), bytes(content))


def _object(folder: str, part: int, content: bytes) -> tuple[str, bytes]:
    return f"{folder}/part-{part:05}-{UUID(bytes=sha256(content).digest()[:16])}.c000.jsonl", content
