"""Merged records: captured events with their labels, as Amazon's merge job writes them (contract 2.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Final

from monitoring_core.dataset.batch import Batch
from monitoring_core.dataset.capture import read_placed
from monitoring_core.dataset.capture_record import (
    FORMAT,
    CaptureRecord,
    RecordReader,
    Records,
    keep_inside,
    set_aside,
)
from monitoring_core.dataset.collector import Labels, RowCollector
from monitoring_core.dataset.ground_truth import decode_labels
from monitoring_core.dataset.labelled import label_name
from monitoring_core.dataset.lines import Numbered
from monitoring_core.dataset.quarantine import Quarantine, Reason, UnreadableRecordError
from monitoring_core.dataset.sides import OUTPUT, only
from monitoring_core.dataset.source import Source
from monitoring_core.spec import SchemaSpec
from monitoring_core.window import Window

ANSWER_ONLY: Final = (OUTPUT,)
"""``captureIndexNames`` of a model quality job."""


def read_merged_records(
    source: Source, window: Window | None, quarantine: Quarantine, unplaced: Quarantine
) -> Iterator[Records]:
    """Yield the good records of the window, a block at a time; those of a batch transform have no time and are kept."""
    for records in FORMAT.read(source, unplaced):
        yield records if window is None else _placed(records, window, source, quarantine, unplaced)


def _placed(records: Records, window: Window, source: Source, quarantine: Quarantine, unplaced: Quarantine) -> Records:
    batch = [pair for pair in records if pair[1].capture_data.batch_transform_output is not None]
    if not batch:
        return keep_inside(records, window, source, quarantine, unplaced)
    timed = Numbered.of(pair for pair in records if pair[1].capture_data.batch_transform_output is None)
    kept = keep_inside(timed, window, source, quarantine, unplaced)
    return Numbered.of(sorted([*kept, *batch], key=itemgetter(0)))


def read_merged(
    sources: Iterable[Source],
    columns: SchemaSpec | None = None,
    window: Window | None = None,
    quarantine: Quarantine | None = None,
    *,
    sides: Sequence[str] | None = ANSWER_ONLY,
    with_variant: bool = False,
    reader: RecordReader = read_merged_records,
) -> Iterator[Batch]:
    r"""Read merged records as rows: outputs, features, [variant,] label.

    Parameters
    ----------
    sources : iterable of Source
        JSON Lines objects of a merge job, of an endpoint or a batch transform.
    columns : SchemaSpec, optional
        Names of the columns; the label's is `columns.label`, by default ``ground_truth``.
    window : Window, optional
        Keeps events with ``inferenceTime`` in it. Records of a batch transform have no time and are kept.
    quarantine : Quarantine, optional
        Takes records that cannot be read, and those whose labels are not as many as their rows.
    sides : sequence of str or None
        Amazon's ``captureIndexNames``: what to read of an endpoint's event; None is all of it.
    with_variant : bool
        Whether rows get the column ``variant``, from the key of their object.
    reader : callable
        Reads the records of an object.

    Raises
    ------
    ConfigError
        If a captured column has the label's name.

    Examples
    --------
    >>> line = (b'{"groundTruthData":{"data":"1","encoding":"CSV"},"eventMetadata":{"eventId":"c57f"},'
    ...         b'"captureData":{"endpointOutput":{"data":"0.33\\n","encoding":"CSV"}}}')
    >>> (batch,) = read_merged([Source("part-00000.jsonl", line)], SchemaSpec(outputs=("p",)))
    >>> {name: column.numbers.tolist() for name, column in batch.columns.items()}
    {'p': [0.33], 'ground_truth': [1.0]}
    """
    quarantine, columns = Quarantine() if quarantine is None else quarantine, columns or SchemaSpec()
    collector = RowCollector(columns, quarantine, label=label_name(columns), with_variant=with_variant)
    for source, records in read_placed(sources, window, quarantine, reader=only(sides, reader)):
        labelled, labels = _with_labels(records, source, quarantine)
        yield from collector.add(source, labelled, labels)
    yield from collector.flush()


def _with_labels(records: Records, source: Source, quarantine: Quarantine) -> tuple[Records, list[Labels]]:
    kept, labels = [], []
    for line, record in records:
        try:
            labels.append(_labels(record))
        except UnreadableRecordError as error:
            set_aside(line, record, source, quarantine, error)
        else:
            kept.append((line, record))
    return Numbered.of(kept), labels


def _labels(record: CaptureRecord) -> Labels:
    if record.ground_truth_data is None:
        raise UnreadableRecordError(Reason.NOT_A_MERGED_RECORD, "it has no groundTruthData")
    return decode_labels(record.ground_truth_data)
