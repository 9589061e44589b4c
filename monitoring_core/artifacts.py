"""From batches to files: the one way in which a baseline or a run becomes bytes.

Lambda functions, the analyzer container and the command line all end here::

    baseline = make_baseline(spec, batches, model=..., dataset=..., dataset_sha256=..., created_at=...)
    result = evaluate_window(spec, batches, baseline)
    result.files            # {"statistics.json": b"...", "constraint_violations.json": ..., ...}
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec

from monitoring_core.baseline_files import (
    CONSTRAINTS,
    HISTOGRAMS,
    STATISTICS,
    BaselineFiles,
    import_baseline,
    load_baseline,
    seal,
)
from monitoring_core.checks.codec import dump_evaluation
from monitoring_core.checks.drift import DRIFT_CHECK, evaluated_drifts, excess
from monitoring_core.checks.evaluation import Check, Evaluation
from monitoring_core.dataset.batch import Batch
from monitoring_core.dataset.quarantine import Quarantine
from monitoring_core.errors import NoDataError
from monitoring_core.monitors.base import Baseline, judge, profile
from monitoring_core.monitors.data_quality import Constraints, DataProfile, DataQuality
from monitoring_core.monitors.data_quality.calibrate import calibrate
from monitoring_core.monitors.data_quality.monitor import COLUMN_COUNT
from monitoring_core.monitors.data_quality.suggest import apply_spec, suggest_constraints
from monitoring_core.monitors.windows import split_by_time, without
from monitoring_core.report.sagemaker import dump_constraints, dump_statistics, dump_violations
from monitoring_core.report.sagemaker.violations import feature_name, limit
from monitoring_core.spec import DataQualitySpec
from monitoring_core.stats.mergeable import merge_all

MAX_FINDINGS: Final = 10

__all__ = [
    "BaselineFiles",
    "Finding",
    "RunResult",
    "evaluate_window",
    "import_baseline",
    "load_baseline",
    "make_baseline",
]


@dataclass(frozen=True, slots=True)
class Finding:
    """One violation in plain values, for events, manifests and messages."""

    feature: str
    check: str
    value: float
    limit: float
    description: str


@dataclass(frozen=True, slots=True)
class RunResult:
    """What one run found, and its files by name.

    Attributes
    ----------
    evaluation : Evaluation
        The verdict; ``evaluation.n`` rows were analysed.
    profile : DataProfile
        The window's statistics.
    constraints : Constraints
        What it was held against: the baseline's, with the specification's own limits.
    files : mapping of str to bytes
        ``statistics.json``, ``constraints.json``, ``constraint_violations.json``, ``evaluation.json`` and, where
        records were set aside, ``quarantine.jsonl``. When there are no rows, or another number of columns than
        expected, there are no statistics and constraints, as from Amazon's analyzer.
    """

    evaluation: Evaluation
    profile: DataProfile
    constraints: Constraints
    files: Mapping[str, bytes]

    @property
    def violations(self) -> int:
        """Number of violated checks."""
        return len(self.evaluation.violations)

    @property
    def drift_excess(self) -> float:
        """Largest drift in units of its own limit; above 1 violates; ``nan`` when no drift was evaluated."""
        ratios = (excess(check) for check in evaluated_drifts(self.evaluation))
        return max((ratio for ratio in ratios if not math.isnan(ratio)), default=math.nan)

    @property
    def worst(self) -> tuple[Finding, ...]:
        """At most ten violations: drifts by size first, then the others in the order of checking."""
        drifts = [check for check in self.evaluation.violations if check.constraint.check_type == DRIFT_CHECK]
        others = [check for check in self.evaluation.violations if check.constraint.check_type != DRIFT_CHECK]
        ranked = [*sorted(drifts, key=excess, reverse=True), *others]
        return tuple(_finding(check) for check in ranked[:MAX_FINDINGS])


def make_baseline(
    spec: DataQualitySpec,
    batches: Iterable[Batch],
    *,
    model: str,
    dataset: str,
    dataset_sha256: str,
    created_at: datetime,
    time_column: str | None = None,
    period: timedelta = timedelta(days=1),
    compat: bool = False,
) -> BaselineFiles:
    """Make a baseline: Amazon's two files and the sheet that binds them to a model.

    The data is held in memory and read twice: once to choose the edges, once to count on them.

    Parameters
    ----------
    spec : DataQualitySpec
        Its columns, if given, are taken from the data in that order; other columns are left out.
    batches : iterable of Batch
        The data set.
    model, dataset, dataset_sha256, created_at
        What the baseline is bound to; recorded in ``baseline.json``.
    time_column : str, optional
        Rows are grouped by it into windows of one `period`, and limits are calibrated to their ordinary change;
        without it, completeness and type limits get room for chance, and drift limits stay. It is no feature.
    period : timedelta
        Length of the windows that the monitor will analyse.
    compat : bool
        Constraints exactly as Amazon's analyzer suggests them, without calibration.

    Raises
    ------
    NoDataError
        If there are no rows.
    ColumnNotFoundError
        If a column of the specification is not in the data.
    """
    held = tuple(batches)
    monitor = DataQuality(compat=compat)
    features = [_features(batch, spec, time_column) for batch in held]
    whole = profile(monitor, features)
    if not whole.rows:
        raise NoDataError(f"the baseline data set {dataset} has no rows; give one with at least one row")
    constraints = apply_spec(suggest_constraints(whole), spec)
    files = {STATISTICS: dump_statistics(whole)}
    if not compat:
        windows = split_by_time(held, time_column, period) if time_column else [held]
        edges = whole.as_reference()
        states = [profile(monitor, (_features(b, spec) for b in window), edges) for window in windows]
        counted = merge_all(states, DataProfile()).columns
        exact = {name: counted[name].histogram for name in counted if len(counted[name].sketch.levels) > 1}
        if exact:
            files[HISTOGRAMS] = msgspec.json.encode({name: exact[name].to_dict() for name in exact})
        if spec.distribution.calibrate:
            judged, reference = DataQuality(constraints), edges.with_histograms(exact)
            measured = [judged.measure(state, reference) for state in states]
            constraints = calibrate(constraints, measured, min_rows=spec.min_rows)
    files[CONSTRAINTS] = dump_constraints(constraints)
    return seal(
        files,
        monitor=spec.name,
        model=model,
        dataset=dataset,
        dataset_sha256=dataset_sha256,
        created_at=created_at,
        rows=whole.rows,
    )


def evaluate_window(
    spec: DataQualitySpec,
    batches: Iterable[Batch],
    baseline: BaselineFiles,
    *,
    quarantine: Quarantine | None = None,
    compat: bool = False,
) -> RunResult:
    """Analyse one window against a baseline.

    The specification's own limits are applied over the baseline's. No rows are no error: nothing is evaluated
    then, and ``result.evaluation.n`` is 0.

    Parameters
    ----------
    spec : DataQualitySpec
        What to analyse and how to decide.
    batches : iterable of Batch
        The rows of the window, read once.
    baseline : BaselineFiles
        From `load_baseline` or `import_baseline`.
    quarantine : Quarantine, optional
        Where the readers behind `batches` put bad records.
    compat : bool
        Decide and write exactly as Amazon's analyzer does.

    Raises
    ------
    BaselineError
        If the baseline's files cannot be read.
    ColumnNotFoundError
        If the specification names a feature that the baseline does not have.
    """
    constraints = apply_spec(baseline.constraints(), spec)
    reference = baseline.reference()
    monitor = DataQuality(constraints, min_rows=spec.min_rows, compat=compat, name=spec.name)
    state = profile(monitor, batches, reference)
    evaluation = judge(monitor, state, Baseline(reference, tuple(monitor.suggest(reference))))
    files = {
        "constraint_violations.json": dump_violations(evaluation, compat=compat),
        "evaluation.json": dump_evaluation(evaluation),
    }
    if any(measurement.metric != COLUMN_COUNT for measurement in evaluation.measurements):
        files[STATISTICS] = dump_statistics(state)
        files[CONSTRAINTS] = dump_constraints(suggest_constraints(state))
    if quarantine is not None and quarantine.count:
        files["quarantine.jsonl"] = _quarantine_lines(quarantine)
    return RunResult(evaluation, state, constraints, files)


def _finding(check: Check) -> Finding:
    value = check.measurement.value if check.measurement is not None else math.nan
    return Finding(feature_name(check), check.constraint.check_type, value, limit(check), check.reason)


def _features(batch: Batch, spec: DataQualitySpec, time_column: str | None = None) -> Batch:
    wanted = spec.columns.outputs + spec.columns.features
    if wanted:
        return Batch({name: batch[name] for name in wanted})
    return without(batch, time_column) if time_column else batch


def _quarantine_lines(quarantine: Quarantine) -> bytes:
    """Write counts by reason on the first line, then one line per kept record."""
    head = {"count": quarantine.count, "by_reason": {str(k): n for k, n in quarantine.by_reason.items()}}
    return msgspec.json.Encoder().encode_lines([head, *quarantine.examples])
