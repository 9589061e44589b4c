"""Slices of the rows for kinds whose baseline is Amazon's file: each slice has a baseline of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec
import numpy as np

from monitoring_core.checks.evaluation import Bound, Check, Constraint, Evaluation, Measurement, Outcome, Subject
from monitoring_core.dataset.batch import Batch
from monitoring_core.monitors.analysis import Analysis
from monitoring_core.monitors.segments import MAX_SEGMENTS, MIN_ROWS, WHOLE_DATA, labels
from monitoring_core.monitors.stored import dump_weakest
from monitoring_core.monitors.windows import take
from monitoring_core.report.sagemaker.json_bytes import encode

BASELINES: Final = "segment_baselines.json"
VIOLATIONS: Final = "constraint_violations.json"

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
        own, _ = make([[_slice(batch, key) for batch in window] for window in windows])
        slices[key] = {name: content.decode() for name, content in own.items()}
    return (files | {BASELINES: msgspec.json.encode(slices)} if slices else files), rows


def analyse(
    analyse_rows: Callable[[Iterable[Batch], Mapping[str, bytes]], Analysis],
    batches: Iterable[Batch],
    baseline: Mapping[str, bytes],
) -> Analysis:
    """Analyse a window, and each slice that has a baseline; the window is held in memory then.

    A slice with fewer than 100 rows is not evaluated. ``segments.json`` ranks the slices, the weakest first.
    """
    if BASELINES not in baseline:
        return analyse_rows(batches, baseline)
    held = list(batches)
    whole = analyse_rows(held, baseline)
    document = msgspec.json.decode(baseline[BASELINES], type=dict[str, dict[str, str]])
    parts = {key: _analyse_slice(analyse_rows, held, key, document[key]) for key in document}
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


def _slice(batch: Batch, key: str) -> Batch:
    column, _, value = key.partition("=")
    return take(batch, np.flatnonzero(labels(batch[column]) == value))


def _analyse_slice(
    analyse_rows: Callable[[Iterable[Batch], Mapping[str, bytes]], Analysis],
    held: Sequence[Batch],
    key: str,
    baseline: Mapping[str, str],
) -> Analysis:
    own = [_slice(batch, key) for batch in held]
    rows = sum(map(len, own))
    if rows < MIN_ROWS:
        return Analysis(Evaluation("", rows, (_too_few(rows),)), {})
    return analyse_rows(own, {name: content.encode() for name, content in baseline.items()})


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
