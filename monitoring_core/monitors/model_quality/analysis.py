"""Model quality in files: what a baseline holds, and what a window gives."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any, Final

from monitoring_core.baseline_files import CONSTRAINTS, STATISTICS
from monitoring_core.checks.evaluation import Constraint, Evaluation, Measurement, Subject
from monitoring_core.dataset.batch import Batch
from monitoring_core.errors import BaselineError
from monitoring_core.monitors.analysis import Analysis, ParityMetric
from monitoring_core.monitors.base import Baseline, judge, profile
from monitoring_core.monitors.model_quality.binary import BinaryQuality, BinaryState
from monitoring_core.monitors.model_quality.constraints import Limits, apply_spec, as_checks, suggest_limits
from monitoring_core.monitors.model_quality.multiclass import MulticlassQuality, MulticlassState
from monitoring_core.monitors.model_quality.own_file import OWN_FILE, OwnFile, dump_own_file, load_own_file
from monitoring_core.monitors.model_quality.positive_label import decide_positive_label, is_undecided
from monitoring_core.monitors.model_quality.quality import ModelQuality
from monitoring_core.monitors.model_quality.regression import RegressionQuality
from monitoring_core.monitors.model_quality.undecided import UndecidedQuality, UndecidedState
from monitoring_core.monitors.monitor_fold import MonitorFold
from monitoring_core.monitors.segments import Segmented, Segments
from monitoring_core.monitors.stored import dump_weakest
from monitoring_core.report.sagemaker.model_quality import (
    METRICS,
    binary_matrix,
    confusion_matrix,
    dump_quality_statistics,
    score_curves,
)
from monitoring_core.report.sagemaker.model_quality_constraints import (
    dump_quality_constraints,
    dump_quality_violations,
    load_quality_constraints,
)
from monitoring_core.spec.model_quality import ModelQualitySpec, ProblemType
from monitoring_core.stats.keyed import Keyed
from monitoring_core.stats.mergeable import merge_all

Measured = Mapping[str, Measurement]
Quality = ModelQuality[Any]

_MONITORS: Final[Mapping[ProblemType, type[Quality]]] = {
    ProblemType.BINARY: BinaryQuality,
    ProblemType.MULTICLASS: MulticlassQuality,
    ProblemType.REGRESSION: RegressionQuality,
}


def monitor_of(spec: ModelQualitySpec, limits: Limits | None = None, *, compat: bool = False) -> Quality:
    """Make the monitor that a specification describes, without its segments."""
    return _MONITORS[spec.problem_type](spec, limits, compat)


def make_files(
    spec: ModelQualitySpec, windows: Sequence[Sequence[Batch]], *, compat: bool = False
) -> tuple[dict[str, bytes], int]:
    """Return the content of a baseline by file name, and its rows.

    Parameters
    ----------
    spec : ModelQualitySpec
        Where prediction and label are; its own limits are written in place of suggested ones.
    windows : sequence of sequence of Batch
        The data, in one part or in several: limits are such that no part violates them.
    compat : bool
        Thresholds exactly as Amazon's analyzer suggests them; segments are left out.

    Raises
    ------
    ColumnNotFoundError
        If an attribute has no column.
    DataError
        If labels or predictions are not what the problem needs.
    """
    spec = decide_positive_label(spec, chain.from_iterable(windows))
    monitor = monitor_of(spec, compat=compat)
    parts = [profile(monitor, window) for window in windows]
    whole = merge_all(parts, monitor.empty())
    if not whole.rows:
        return {}, 0
    measured = monitor.by_metric(whole)
    by_window = [monitor.by_metric(part) for part in parts] if len(parts) > 1 else []
    limits = suggest_limits(spec.problem_type, measured, windows=by_window, min_rows=spec.min_rows, compat=compat)
    files = {
        STATISTICS: _statistics(monitor, whole, measured),
        CONSTRAINTS: dump_quality_constraints(spec.problem_type, apply_spec(limits, spec)),
    }
    if not compat:
        segments = _segment_limits(monitor, windows) if spec.segments else {}
        files[OWN_FILE] = dump_own_file(OwnFile(spec.positive_label, segments))
    return files, whole.rows


def fold(spec: ModelQualitySpec, baseline: Mapping[str, bytes], *, compat: bool = False) -> MonitorFold[Any]:
    """Hold windows against a baseline, Amazon's or ours; the specification's own limits go over the baseline's.

    When there are no rows there are no statistics and constraints. The positive label is the specification's, or the
    one of our baseline; against one of Amazon's the labels of the window tell it.

    Raises
    ------
    BaselineError
        If the baseline's files cannot be read, or are of another problem.
    """
    if CONSTRAINTS not in baseline:
        raise BaselineError(f"the baseline has no {CONSTRAINTS} (found: {', '.join(baseline) or 'nothing'})")
    limits = load_quality_constraints(spec.problem_type, baseline[CONSTRAINTS])
    own = load_own_file(baseline[OWN_FILE]) if OWN_FILE in baseline else OwnFile()
    if spec.positive_label is None:
        spec = spec.model_copy(update={"positive_label": own.positive_label})
    monitor = monitor_of(spec, limits, compat=compat)
    if is_undecided(spec) and OWN_FILE not in baseline:
        return _undecided(BinaryQuality(spec, limits, compat))
    return _whole(monitor) if compat or not spec.segments else _segmented(monitor, own.segments)


def _whole(monitor: Quality) -> MonitorFold[Any]:
    return MonitorFold(monitor, None, partial(_verdict, monitor))


def _undecided(monitor: BinaryQuality) -> MonitorFold[UndecidedState]:
    undecided = UndecidedQuality(monitor)
    return MonitorFold(undecided, None, lambda state: _verdict(*undecided.decide(state)))


def _segmented(monitor: Quality, limits: Mapping[str, Limits]) -> MonitorFold[Segments[Any]]:
    """Hold all rows, and each known segment, against their limits."""
    segmented, empty = Segmented(monitor, monitor.spec.segments), monitor.empty()
    reference = Segments(empty, Keyed(dict.fromkeys(limits, empty)), frozenset(limits))
    constraints = (*monitor.suggest(empty), *_of_segments(monitor.spec, limits, segmented.min_rows))

    def verdict(state: Segments[Any]) -> Analysis:
        evaluation = judge(segmented, state, Baseline(reference, constraints))
        analysis = _analysis(monitor, state.whole, evaluation)
        return replace(analysis, files={"segments.json": dump_weakest(evaluation), **analysis.files})

    return MonitorFold(segmented, reference, verdict)


def _verdict(monitor: Quality, state: Any) -> Analysis:
    evaluation = judge(monitor, state, Baseline(monitor.empty(), tuple(monitor.suggest(state))))
    return _analysis(monitor, state, evaluation)


def _analysis(monitor: Quality, state: Any, evaluation: Evaluation) -> Analysis:
    problem, compat = monitor.spec.problem_type, monitor.compat
    files = {"constraint_violations.json": dump_quality_violations(evaluation, compat=compat)}
    if not state.rows:
        return Analysis(evaluation, files)
    measured = {m.metric: m for m in evaluation.measurements if not m.subject.segment}
    files[STATISTICS] = _statistics(monitor, state, measured)
    files[CONSTRAINTS] = dump_quality_constraints(problem, suggest_limits(problem, measured, compat=compat))
    return Analysis(evaluation, files, tuple(_parity(problem, measured)))


def _statistics(monitor: Quality, state: Any, measured: Measured) -> bytes:
    problem = monitor.spec.problem_type
    match monitor, state:
        case BinaryQuality(), BinaryState():
            matrix = binary_matrix(state.outcomes(monitor.positive), monitor.positive, state.confusion.actual)
            curves = score_curves(state.scores) if state.scores.total else None
            return dump_quality_statistics(problem, state.rows, measured, matrix=matrix, curves=curves)
        case _, MulticlassState():
            matrix = confusion_matrix(state.confusion)
            return dump_quality_statistics(problem, state.rows, measured, matrix=matrix)
    return dump_quality_statistics(problem, state.rows, measured)


def _parity(problem: ProblemType, measured: Measured) -> Iterator[ParityMetric]:
    for metric in METRICS[problem]:
        if metric in measured and math.isfinite(measured[metric].value):
            yield ParityMetric(metric, measured[metric].value)


def _segment_limits(monitor: Quality, windows: Sequence[Sequence[Batch]]) -> dict[str, Limits]:
    """Return what each of the largest segments of good data suggests."""
    segmented, spec = Segmented(monitor, monitor.spec.segments), monitor.spec
    parts = [profile(segmented, window) for window in windows]
    reference = segmented.as_reference(merge_all(parts, segmented.empty()))
    limits: dict[str, Limits] = {}
    for key in reference.by:
        held = [part.by[key] for part in parts if key in part.by] if len(parts) > 1 else []
        by_window = [monitor.by_metric(state) for state in held]
        measured = monitor.by_metric(reference.by[key])
        limits[key] = suggest_limits(spec.problem_type, measured, windows=by_window, min_rows=spec.min_rows)
    return limits


def _of_segments(spec: ModelQualitySpec, limits: Mapping[str, Limits], min_rows: int) -> Iterator[Constraint]:
    for segment, own in limits.items():
        for constraint in as_checks(own, spec, compat=False):
            yield replace(constraint, subject=Subject(segment=segment), min_n=max(constraint.min_n, min_rows))
