"""Rows of a window: captured ones, or those that have met their label."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from functions.common.contract import CaptureSource, PlannedRun
from monitoring_core.dataset import (
    Batch,
    GroundTruth,
    JoinReport,
    Quarantine,
    Source,
    read_capture,
    read_ground_truth,
    read_labelled,
)
from monitoring_core.dataset.batch_output import read_batch_records
from monitoring_core.dataset.capture_record import RecordReader, read_records
from monitoring_core.dataset.repetitions import Repetitions


@dataclass(frozen=True, slots=True)
class Sources:
    """What a pass reads, or one shard of it; each is iterated once, and need not be fetched before.

    Attributes
    ----------
    own, near : iterable of Source
        Capture objects begun in the window, and those beside them.
    labels : iterable of Source
        In the order of their collection (`upload_order`), never split between shards.
    truth : GroundTruth or None
        In place of `labels`, where one process folds several shards and has read the labels before.
    """

    own: Iterable[Source]
    near: Iterable[Source]
    labels: Iterable[Source] = ()
    truth: GroundTruth | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """Batches to be read once, and what became of the labels, complete when they have been read."""

    batches: Iterator[Batch]
    labels: JoinReport | None = None


class _How(NamedTuple):
    """How the records of an object are read, and whether each is taken by its own time."""

    reader: RecordReader
    by_time: bool


_READERS: Final = {
    CaptureSource.ENDPOINT: _How(read_records, by_time=True),
    CaptureSource.BATCH_TRANSFORM: _How(read_batch_records, by_time=False),
}


def read_rows(
    planned: PlannedRun,
    sources: Sources,
    quarantine: Quarantine,
    label_quarantine: Quarantine,
    repetitions: Repetitions,
) -> Rows:
    """Return the rows of a window, which are the same for all runs of a pass.

    A bad record counts in the window of its own time or, where that cannot be read, in the window in which its
    object was begun: every bad record counts once. Bad labels are set aside by themselves: every shard reads all.
    """
    run, plan, how = planned.run, planned.plan, _READERS[planned.run.source]
    columns, near, window = run.spec.columns, sources.near, plan.window if how.by_time else None
    reader = repetitions.counting(how.reader)
    if plan.labels_until is None:
        return Rows(read_capture(sources.own, columns, window, quarantine, near, reader=reader))
    truth, due = sources.truth or read_ground_truth(sources.labels, label_quarantine), run.due(plan.window)
    joined = read_labelled(sources.own, truth, columns, window, quarantine, near, deadline=due, reader=reader)
    return Rows(*joined)
