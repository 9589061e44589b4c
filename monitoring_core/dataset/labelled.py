"""Labelled rows: captured events joined to their ground truth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Final

from monitoring_core.dataset.batch import Batch
from monitoring_core.dataset.capture import read_placed
from monitoring_core.dataset.capture_record import RecordReader, Records, read_records
from monitoring_core.dataset.collector import Labels, RowCollector
from monitoring_core.dataset.ground_truth import GroundTruth
from monitoring_core.dataset.lines import Numbered
from monitoring_core.dataset.quarantine import Quarantine
from monitoring_core.dataset.source import Source
from monitoring_core.errors import ConfigError, IncompatibleStatesError
from monitoring_core.spec import SchemaSpec
from monitoring_core.window import Window

LABEL: Final = "ground_truth"
"""Name of the label's column where the schema gives none."""


@dataclass(slots=True)
class JoinReport:
    """What became of every captured event and every label; it is complete when all rows have been read.

    ``events = matched + unmatched``. Matched events whose rows cannot be read, or are not as many as their
    labels, are in the quarantine.
    """

    events: int = 0
    """Captured events of the window."""
    matched: int = 0
    """Events with a label."""
    labels_without_event: int = 0
    """Labels whose event was not captured, or lies outside the window."""
    duplicates: int = 0
    """Labels given again for the same event; the last one counts."""
    late: int = 0
    """Matched events whose label was collected after the deadline."""
    digest: str = ""
    """16 hex digits that name the labels that met an event, whatever their order."""
    given: str = field(default="", compare=False, repr=False)
    """16 hex digits that name the events of all labels, in their order."""
    used: int = field(default=0, compare=False, repr=False)
    """A bit for each label, in their order: whether it met an event."""

    def merge(self, other: JoinReport) -> JoinReport:
        """Return both together: of other events of the window, joined to the same labels.

        Exact, also where events of both sides have the same id.

        Raises
        ------
        IncompatibleStatesError
            If the labels were not the same.
        """
        labels = self.labels_without_event + self.used.bit_count()
        if (self.given, self.duplicates) != (other.given, other.duplicates):
            raise IncompatibleStatesError(
                "events were joined to different labels",
                expected=f"{labels} labels, {self.duplicates} of them twice ({self.given})",
                got=f"{other.labels_without_event + other.used.bit_count()} labels, {other.duplicates} of them twice "
                f"({other.given})",
                advice="give all labels to each part, in the same order",
            )
        used = self.used | other.used
        return JoinReport(
            self.events + other.events,
            self.matched + other.matched,
            labels - used.bit_count(),
            self.duplicates,
            self.late + other.late,
            _digest(int(self.digest, 16) + int(other.digest, 16)),
            self.given,
            used,
        )

    @property
    def unmatched(self) -> int:
        """Events for which no label has come."""
        return self.events - self.matched

    @property
    def coverage(self) -> float:
        """Share of the events that have a label, 0 to 1; ``nan`` without events."""
        return self.matched / self.events if self.events else float("nan")


def label_name(columns: SchemaSpec) -> str:
    """Return the name of the label's column in labelled rows.

    Raises
    ------
    ConfigError
        If a captured column has that name.

    Examples
    --------
    >>> label_name(SchemaSpec(outputs=("score",), label="delayed")), label_name(SchemaSpec())
    ('delayed', 'ground_truth')
    """
    name = columns.label or LABEL
    if name in columns.outputs + columns.features:
        raise ConfigError(
            f"the label {name!r} has the name of a captured column; give the label, or the column, another name"
        )
    return name


def read_labelled(
    sources: Iterable[Source],
    ground_truth: GroundTruth,
    columns: SchemaSpec | None = None,
    window: Window | None = None,
    quarantine: Quarantine | None = None,
    neighbours: Iterable[Source] = (),
    *,
    deadline: datetime | None = None,
    with_variant: bool = False,
    reader: RecordReader = read_records,
) -> tuple[Iterator[Batch], JoinReport]:
    r"""Read captured events that have a label, as rows: outputs, features, [variant,] label.

    An inner join by the caller's id, else the service's (contract 2.2). Several events with the same id
    all get its label. Every row of a request with several rows gets its own label.

    Parameters
    ----------
    sources, window, quarantine, neighbours, with_variant
        As in `read_capture`.
    ground_truth : GroundTruth
        The labels.
    columns : SchemaSpec, optional
        Names of the columns; the label's is `columns.label`, by default ``ground_truth``.
    deadline : datetime, optional
        Labels of objects of this hour or later are late; they are used, and counted.
    reader : callable
        `read_records` for data capture, `read_batch_records` for the output of a batch transform.

    Returns
    -------
    iterator of Batch
        To be read once.
    JoinReport
        Filled while the batches are read.

    Raises
    ------
    ConfigError
        If a captured column has the label's name.

    Examples
    --------
    >>> import json
    >>> side = lambda data: {"data": data, "encoding": "CSV"}
    >>> event = {"captureData": {"endpointInput": side("7\n8"), "endpointOutput": side("0.1\n0.9")},
    ...          "eventMetadata": {"eventId": "e1", "inferenceId": "order-42"}}
    >>> truth = GroundTruth({"order-42": ("0", "1"), "order-43": ("1",)})
    >>> source = Source("capture.jsonl", json.dumps(event).encode())
    >>> batches, report = read_labelled([source], truth, SchemaSpec(outputs=("p",), features=("x",), label="y"))
    >>> [{name: column.numbers.tolist() for name, column in batch.columns.items()} for batch in batches]
    [{'p': [0.1, 0.9], 'x': [7.0, 8.0], 'y': [0.0, 1.0]}]
    >>> report.matched, report.unmatched, report.labels_without_event, report.coverage
    (1, 0, 1, 1.0)
    """
    quarantine, columns = Quarantine() if quarantine is None else quarantine, columns or SchemaSpec()
    collector = RowCollector(columns, quarantine, label=label_name(columns), with_variant=with_variant)
    join = Join(ground_truth, deadline)
    placed = read_placed(sources, window, quarantine, neighbours, reader)
    return _read(placed, join, collector), join.report


def _read(placed: Iterable[tuple[Source, Records]], join: Join, collector: RowCollector) -> Iterator[Batch]:
    for source, records in placed:
        matched = join.match(records)
        yield from collector.add(source, matched, join.labels(matched))
    join.finish()
    yield from collector.flush()


class Join:
    """The inner join, which counts while it looks labels up.

    Attributes
    ----------
    report : JoinReport
        Complete after `finish`.
    """

    def __init__(self, truth: GroundTruth, deadline: datetime | None) -> None:
        self._truth, self._used = truth, set[str]()
        self._late = _late_ids(truth, deadline)
        self._sum = 0
        self.report = JoinReport(duplicates=truth.duplicates, labels_without_event=len(truth.labels))

    def match(self, records: Records) -> Records:
        """Return the records that have labels."""
        known = self._truth.labels
        ids = [record.event_metadata.join_id for record in records.records]
        matched = records
        if not all(map(known.__contains__, ids)):
            matched = Numbered.of(pair for pair, id_ in zip(records, ids, strict=True) if id_ in known)
            ids = [record.event_metadata.join_id for record in matched.records]
        self._used.update(ids)
        self._sum += sum(_hash(id_, known[id_]) for id_ in ids)
        self.report.events += len(records)
        self.report.matched += len(matched)
        if self._late:
            self.report.late += sum(id_ in self._late for id_ in ids)
        return matched

    def labels(self, matched: Records) -> Sequence[Labels]:
        """Return the labels of matched records."""
        return [self._truth.labels[record.event_metadata.join_id] for record in matched.records]

    def finish(self) -> None:
        """Count the labels that found no event, and name those that did."""
        labels, report = self._truth.labels, self.report
        report.digest, report.labels_without_event = _digest(self._sum), len(labels) - len(self._used)
        report.given = blake2b("\n".join(labels).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        report.used = int("".join("1" if id_ in self._used else "0" for id_ in labels) or "0", 2)


def _digest(total: int) -> str:
    return f"{total % 2**64:016x}"


def _hash(event_id: str, labels: Labels) -> int:
    return int.from_bytes(blake2b(f"{event_id}\t{labels}".encode(), digest_size=8).digest())


def _late_ids(truth: GroundTruth, deadline: datetime | None) -> frozenset[str]:
    if deadline is None:
        return frozenset()
    return frozenset(id_ for id_, hour in truth.collected.items() if hour >= deadline)
