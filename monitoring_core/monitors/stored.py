"""Baseline and window of any monitor whose state goes through JSON, as files."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter

from monitoring_core.checks.calibration import calibrated_limit
from monitoring_core.checks.codec import dump_evaluation
from monitoring_core.checks.drift import DRIFT_CHECK
from monitoring_core.checks.evaluation import Bound, Constraint, Evaluation, Subject
from monitoring_core.dataset.batch import Batch
from monitoring_core.errors import BaselineError, NoDataError
from monitoring_core.monitors.analysis import Analysis
from monitoring_core.monitors.base import Baseline, Monitor, judge, profile
from monitoring_core.monitors.monitor_fold import MonitorFold
from monitoring_core.monitors.segments import StoredState
from monitoring_core.monitors.weakest import weakest
from monitoring_core.report.sagemaker.json_bytes import encode, number
from monitoring_core.report.sagemaker.violations import dump_violations

STATISTICS: Final = "statistics.json"
CONSTRAINTS: Final = "constraints.json"
INCREASE: Final = "_increase"
"""Ends the names of metrics that are increases over the baseline."""

S = TypeVar("S", bound=StoredState)
Distances = Mapping[tuple[str, Subject], Sequence[float]]

_constraints = TypeAdapter(tuple[Constraint, ...])


def make_files(monitor: Monitor[S], windows: Sequence[Sequence[Batch]]) -> tuple[dict[str, bytes], int]:
    """Make the files of a baseline.

    The data is held in memory and read twice: once to choose edges and categories, once to count on them.

    Parameters
    ----------
    monitor : Monitor
        What is watched.
    windows : sequence of sequence of Batch
        Good data. With several windows, limits of drift and of increases are raised to the largest distance that any
        of them has.

    Returns
    -------
    files : dict of str to bytes
        ``statistics.json`` holds the state, exactly; ``constraints.json`` what it suggests.
    rows : int
        Rows of the data.

    Raises
    ------
    NoDataError
        If there are no rows.
    ColumnNotFoundError
        If a column is not in the data.
    """
    edges = monitor.as_reference(profile(monitor, chain.from_iterable(windows)))
    if not edges.rows:
        raise NoDataError("the baseline data set has no rows; give one with at least one row")
    state = monitor.as_reference(profile(monitor, chain.from_iterable(windows), edges))
    distances = _distances(monitor, windows, state) if len(windows) > 1 else {}
    document = {
        "version": 1,
        "monitor": monitor.name,
        "rows": state.rows,
        "windows": [
            {"metric": metric, "column": subject.column, "segment": subject.segment, "distances": values}
            for (metric, subject), values in distances.items()
        ],
        "state": state.to_dict(),
    }
    constraints = _calibrated(monitor.suggest(state), distances)
    files = {
        STATISTICS: json.dumps(document, separators=(",", ":")).encode() + b"\n",
        CONSTRAINTS: dump_constraints(constraints),
    }
    return files, state.rows


def load_reference(monitor: Monitor[S], files: Mapping[str, bytes]) -> S:
    """Read the state of good data.

    Raises
    ------
    BaselineError
        If ``statistics.json`` is missing or was written by something else.
    """
    document = _statistics(files)
    if document.get("monitor") != monitor.name:
        raise BaselineError(
            f"the baseline is of monitor {document.get('monitor')!r}, not of {monitor.name!r}; "
            "make a baseline with this configuration"
        )
    try:
        return monitor.empty().from_dict(document["state"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BaselineError(f"the state in {STATISTICS} cannot be read: {error!r}; make the baseline again") from error


def fold(monitor: Monitor[S], baseline_files: Mapping[str, bytes], *, compat: bool = False) -> MonitorFold[S]:
    """Hold windows against a baseline.

    Returns
    -------
    MonitorFold
        Files of its analysis: ``statistics.json`` (every number of the window), ``constraints.json`` (what they were
        held against), ``constraint_violations.json``, ``evaluation.json``, and ``segments.json`` (the weakest slices)
        where rows are sliced.

    Raises
    ------
    BaselineError
        If the baseline's files cannot be read.
    """
    reference = load_reference(monitor, baseline_files)
    constraints = _calibrated(monitor.suggest(reference), _stored_distances(baseline_files))

    def verdict(state: S) -> Analysis:
        evaluation = judge(monitor, state, Baseline(reference, constraints))
        files = {
            STATISTICS: dump_measurements(evaluation),
            CONSTRAINTS: dump_constraints(constraints),
            "constraint_violations.json": dump_violations(evaluation, compat=compat),
            "evaluation.json": dump_evaluation(evaluation),
        }
        if any(constraint.subject.segment for constraint in constraints):
            files["segments.json"] = dump_weakest(evaluation)
        return Analysis(evaluation, files)

    return MonitorFold(monitor, reference, verdict)


def dump_constraints(constraints: Sequence[Constraint]) -> bytes:
    """Write constraints as JSON."""
    return encode({"version": 1, "constraints": _constraints.dump_python(tuple(constraints), mode="json")})


def dump_measurements(evaluation: Evaluation) -> bytes:
    """Write the numbers of a window as JSON."""
    return encode(
        {
            "version": 1,
            "monitor": evaluation.monitor,
            "rows": evaluation.n,
            "measurements": [
                {
                    "metric": m.metric,
                    "column": m.subject.column,
                    "segment": m.subject.segment,
                    "value": number(m.value),
                    "n": m.n,
                    "interval": None if m.interval is None else [number(end) for end in m.interval],
                }
                for m in evaluation.measurements
            ],
        }
    )


def dump_weakest(evaluation: Evaluation) -> bytes:
    """Write the weakest slices as JSON, the worst first."""
    return encode(
        {
            "version": 1,
            "segments": [
                {
                    "segment": rank.segment,
                    "excess": number(rank.excess),
                    "violations": rank.violations,
                    "n": rank.n,
                    "metric": rank.worst.constraint.metric,
                    "column": rank.worst.constraint.subject.column,
                    "reason": rank.worst.reason,
                }
                for rank in weakest(evaluation)
            ],
        }
    )


def _distances(monitor: Monitor[S], windows: Iterable[Iterable[Batch]], reference: S) -> Distances:
    """Measure every window of the baseline against the whole."""
    found: dict[tuple[str, Subject], list[float]] = {}
    drifts = {(c.metric, c.subject): c for c in monitor.suggest(reference) if _is_relative(c)}
    for window in windows:
        for m in monitor.measure(profile(monitor, window, reference), reference):
            constraint = drifts.get((m.metric, m.subject))
            if constraint is not None and m.n >= constraint.min_n and not math.isnan(m.value):
                found.setdefault((m.metric, m.subject), []).append(m.value)
    return found


def _calibrated(constraints: Iterable[Constraint], distances: Distances) -> tuple[Constraint, ...]:
    return tuple(_raise_limit(c, distances) if _is_relative(c) else c for c in constraints)


def _raise_limit(constraint: Constraint, distances: Distances) -> Constraint:
    measured = distances.get((constraint.metric, constraint.subject), ())
    upper = calibrated_limit(constraint.bound.upper or 0.0, measured)
    return replace(constraint, bound=Bound(constraint.bound.lower, upper))


def _is_relative(constraint: Constraint) -> bool:
    """Return whether the limit is on a difference from the baseline, which its own windows have, too."""
    relative = constraint.check_type == DRIFT_CHECK or constraint.metric.endswith(INCREASE)
    return relative and constraint.bound.upper is not None


def _statistics(files: Mapping[str, bytes]) -> dict[str, Any]:
    if STATISTICS not in files:
        raise BaselineError(
            f"the baseline has no {STATISTICS} (found: {', '.join(sorted(files)) or 'nothing'}); make it again"
        )
    try:
        document = json.loads(files[STATISTICS])  # unlike msgspec, it keeps infinities, which an empty range has
    except ValueError as error:
        raise BaselineError(f"{STATISTICS} cannot be read: {error}; make the baseline again") from error
    if not isinstance(document, dict):
        raise BaselineError(f"{STATISTICS} holds a {type(document).__name__}, not an object; make the baseline again")
    return document


def _stored_distances(files: Mapping[str, bytes]) -> Distances:
    return {
        (entry["metric"], Subject(entry["column"], entry["segment"])): entry["distances"]
        for entry in _statistics(files)["windows"]
    }
