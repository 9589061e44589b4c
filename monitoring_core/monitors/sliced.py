"""Slices of the rows for kinds whose baseline is Amazon's file: each slice has a baseline of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from monitoring_core.checks.evaluation import Bound, Check, Constraint, Evaluation, Measurement, Outcome, Subject
from monitoring_core.dataset.batch import Batch
from monitoring_core.monitors.analysis import Analysis
from monitoring_core.monitors.monitor_fold import MonitorFold
from monitoring_core.monitors.segments import (
    MAX_SEGMENTS,
    MIN_ROWS,
    WHOLE_DATA,
    Segments,
    StoredState,
    labels,
)
from monitoring_core.monitors.state_bytes import dump_state, load_state
from monitoring_core.monitors.stored import dump_weakest
from monitoring_core.monitors.windows import take
from monitoring_core.report.sagemaker.json_bytes import encode
from monitoring_core.stats.keyed import Keyed

BASELINES: Final = "segment_baselines.json"
VIOLATIONS: Final = "constraint_violations.json"

S = TypeVar("S", bound=StoredState)
Files = tuple[dict[str, bytes], int]


def make_files(
    make: Callable[[Sequence[Sequence[Batch]]], Files], windows: Sequence[Sequence[Batch]], by: Sequence[str]
) -> Files:
    """Make the files of a baseline, and one of all slices that are large enough to be judged.

    Parameters
    ----------
    make : callable
        Makes the files of some rows.
    windows : sequence of sequence of Batch
        Good data.
    by : sequence of str
        Columns whose values are the slices: of each column the 50 largest with at least 100 rows.

    Raises
    ------
    ColumnNotFoundError
        If a column is not in the data.
    """
    files, rows = make(windows)
    slices = {}
    for key in _largest(windows, by):
        own, _ = make([[rows for batch in window for _, rows in _slices(batch, [key])] for window in windows])
        slices[key] = {name: content.decode() for name, content in own.items()}
    return (files | {BASELINES: msgspec.json.encode(slices)} if slices else files), rows


def fold(
    make: Callable[[Mapping[str, bytes]], MonitorFold[S]], baseline: Mapping[str, bytes]
) -> MonitorFold[S] | SlicedFold[S]:
    """Hold windows, and each of their slices that has a baseline, against their baselines.

    Parameters
    ----------
    make : callable
        Makes the fold of one baseline.
    baseline : mapping of str to bytes
        From `make_files`.
    """
    if BASELINES not in baseline:
        return make(baseline)
    document = msgspec.json.decode(baseline[BASELINES], type=dict[str, dict[str, str]])
    files = {key: {name: text.encode() for name, text in own.items()} for key, own in document.items()}
    return SlicedFold(make(baseline), {key: make(own) for key, own in files.items()})


@dataclass(frozen=True, slots=True)
class SlicedFold(Generic[S]):
    """All rows, and each slice of them, held against baselines of their own.

    A slice with fewer than 100 rows is not evaluated. ``segments.json`` ranks the slices, the weakest first.

    Attributes
    ----------
    whole : MonitorFold
        Of all rows.
    slices : mapping of str to MonitorFold
        By ``column=value``.
    """

    whole: MonitorFold[S]
    slices: Mapping[str, MonitorFold[S]]

    def empty(self) -> Segments[S]:
        """Return the states of no rows."""
        return Segments(self.whole.empty())

    def observe(self, batch: Batch, /) -> Segments[S]:
        """Return the states of one batch."""
        own = {key: self.slices[key].observe(rows) for key, rows in _slices(batch, self.slices)}
        return Segments(self.whole.observe(batch), Keyed(own))

    def dump(self, state: Segments[S], /) -> bytes:
        """Write the states."""
        return dump_state(self.whole.monitor.name, state)

    def load(self, body: bytes, /) -> Segments[S]:
        """Read what `dump` wrote."""
        return load_state(self.whole.monitor.name, body, self.empty())

    def conclude(self, state: Segments[S], /) -> Analysis:
        """Hold the states against their baselines."""
        whole = self.whole.conclude(state.whole)
        parts = {key: _conclude(own, state.by.get(key)) for key, own in self.slices.items()}
        evaluations = [whole.evaluation, *(_of_segment(part.evaluation, key) for key, part in parts.items())]
        evaluation = replace(
            whole.evaluation,
            checks=tuple(check for one in evaluations for check in one.checks),
            measurements=tuple(measurement for one in evaluations for measurement in one.measurements),
        )
        files = {**whole.files, "segments.json": dump_weakest(evaluation)}
        if VIOLATIONS in files:
            files[VIOLATIONS] = _with_slices(files[VIOLATIONS], parts)
        return Analysis(evaluation, files, whole.metrics)


def _largest(windows: Sequence[Sequence[Batch]], by: Sequence[str]) -> Iterator[str]:
    for column in by:
        sizes: Counter[str] = Counter()
        for window in windows:
            for batch in window:
                sizes.update(dict(zip(*(part.tolist() for part in _counts(batch, column)), strict=True)))
        ranked = sorted(sizes.items(), key=lambda pair: (-pair[1], pair[0]))[:MAX_SEGMENTS]
        yield from (f"{column}={value}" for value, n in ranked if n >= MIN_ROWS)


def _counts(batch: Batch, column: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    return np.unique(labels(batch[column]), return_counts=True)


def _slices(batch: Batch, keys: Iterable[str]) -> Iterator[tuple[str, Batch]]:
    """Yield the rows of each slice that has some."""
    values: dict[str, NDArray[np.str_]] = {}
    for key in keys if len(batch) else ():
        column, _, value = key.partition("=")
        if column not in values:
            values[column] = labels(batch[column])
        rows = np.flatnonzero(values[column] == value)
        if rows.size:
            yield key, take(batch, rows)


def _conclude(fold: MonitorFold[S], state: S | None) -> Analysis:
    rows = 0 if state is None else state.rows
    if state is None or rows < MIN_ROWS:
        return Analysis(Evaluation("", rows, (_too_few(rows),)), {})
    return fold.conclude(state)


def _too_few(rows: int) -> Check:
    return Constraint("rows", Bound(lower=MIN_ROWS), min_n=MIN_ROWS).check(Measurement("rows", rows, rows))


def _of_segment(evaluation: Evaluation, key: str) -> Evaluation:
    def tag(measurement: Measurement) -> Measurement:
        return replace(measurement, subject=Subject(measurement.subject.column, key))

    def tag_check(check: Check) -> Check:
        constraint = replace(check.constraint, subject=Subject(check.constraint.subject.column, key))
        measured = None if check.measurement is None else tag(check.measurement)
        reason = _sentence(key, check.reason) if check.outcome is Outcome.VIOLATED else check.reason
        return Check(constraint, measured, check.outcome, reason)

    return replace(
        evaluation,
        checks=tuple(tag_check(c) for c in evaluation.checks if c.constraint.check_type not in WHOLE_DATA),
        measurements=tuple(map(tag, evaluation.measurements)),
    )


def _sentence(key: str, text: str) -> str:
    return f"Segment {key}: {text}"


def _with_slices(violations: bytes, parts: Mapping[str, Analysis]) -> bytes:
    document = msgspec.json.decode(violations, type=dict[str, Any])
    for key, part in parts.items():
        for entry in msgspec.json.decode(part.files.get(VIOLATIONS, b'{"violations":[]}'))["violations"]:
            document["violations"].append(entry | {"description": _sentence(key, entry["description"])})
    return encode(document)
