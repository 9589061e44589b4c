"""From batches to files: the one way in which a baseline or a run becomes bytes.

Lambda functions, the analyzer container and the command line all end here, whatever the kind of monitor::

    baseline = make_baseline(spec, batches, model=..., dataset=..., dataset_sha256=..., created_at=...)
    result = evaluate_window(spec, batches, baseline)
    result.files            # {"statistics.json": b"...", "constraint_violations.json": ..., ...}
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

import msgspec

from monitoring_core.baseline_files import BaselineFiles, import_baseline, load_baseline, seal
from monitoring_core.checks.codec import dump_evaluation
from monitoring_core.checks.drift import evaluated_drifts, excess, is_drift
from monitoring_core.checks.evaluation import Check, Evaluation
from monitoring_core.dataset.batch import Batch
from monitoring_core.dataset.quarantine import Quarantine
from monitoring_core.engines.local import fold_all
from monitoring_core.errors import NoDataError
from monitoring_core.fold import Fold
from monitoring_core.kinds import Against, GoodData, fold_of, make_files
from monitoring_core.monitors.analysis import ParityMetric
from monitoring_core.monitors.base import State
from monitoring_core.monitors.windows import split_by_time
from monitoring_core.report.sagemaker.violations import feature_name, limit
from monitoring_core.spec import MonitorSpec

MAX_FINDINGS: Final = 10

S = TypeVar("S", bound=State)

__all__ = [
    "BaselineFiles",
    "Finding",
    "RunResult",
    "conclude_window",
    "evaluate_window",
    "import_baseline",
    "load_baseline",
    "make_baseline",
]


@dataclass(frozen=True, slots=True)
class Finding:
    """One violation in plain values, for events, manifests and messages.

    Attributes
    ----------
    feature : str
        Under Amazon's name; empty where the check is about all columns together.
    segment : str
        The slice of the rows, ``column=value``; empty: all rows.
    """

    feature: str
    check: str
    value: float
    limit: float
    description: str
    metric: str = ""
    segment: str = ""


@dataclass(frozen=True, slots=True)
class RunResult:
    """What one run found, and its files by name.

    Attributes
    ----------
    evaluation : Evaluation
        The verdict; ``evaluation.n`` rows were analysed.
    files : mapping of str to bytes
        Amazon's files of the kind of monitor, ``evaluation.json`` and, where records were set aside,
        ``quarantine.jsonl``.
    metrics : tuple of ParityMetric
        What Amazon's own container would publish.
    """

    evaluation: Evaluation
    files: Mapping[str, bytes]
    metrics: tuple[ParityMetric, ...] = ()

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
        drifts = [check for check in self.evaluation.violations if is_drift(check)]
        others = [check for check in self.evaluation.violations if not is_drift(check)]
        ranked = [*sorted(drifts, key=excess, reverse=True), *others]
        return tuple(_finding(check) for check in ranked[:MAX_FINDINGS])


def make_baseline(
    spec: MonitorSpec,
    batches: Iterable[Batch],
    *,
    model: str,
    dataset: str,
    dataset_sha256: str,
    created_at: datetime,
    time_column: str | None = None,
    period: timedelta = timedelta(days=1),
    model_file: bytes | None = None,
    compat: bool = False,
) -> BaselineFiles:
    """Make a baseline: Amazon's files and the sheet that binds them to a model. The data is held in memory.

    Parameters
    ----------
    spec : MonitorSpec
        Its columns, if given, are taken from the data in that order; other columns are left out.
    batches : iterable of Batch
        The data set.
    model, dataset, dataset_sha256, created_at
        What the baseline is bound to; recorded in ``baseline.json``.
    time_column : str, optional
        Rows are grouped by it into windows of one `period`, and limits are calibrated to their ordinary change;
        without it the whole is one window. It is no feature.
    period : timedelta
        Length of the windows that the monitor will analyse.
    model_file : bytes, optional
        The model, for a monitor that asks it.
    compat : bool
        As Amazon's analyzer does it, without calibration.

    Raises
    ------
    NoDataError
        If there are no rows.
    ColumnNotFoundError
        If a column of the specification is not in the data.
    """
    windows = split_by_time(batches, time_column, period) if time_column else [list(batches)]
    files, rows = make_files(spec, GoodData(windows, model_file, compat))
    if not rows:
        raise NoDataError(f"the baseline data set {dataset} has no rows; give one with at least one row")
    return seal(
        files,
        monitor=spec.name,
        model=model,
        dataset=dataset,
        dataset_sha256=dataset_sha256,
        created_at=created_at,
        rows=rows,
    )


def evaluate_window(
    spec: MonitorSpec,
    batches: Iterable[Batch],
    baseline: BaselineFiles,
    *,
    quarantine: Quarantine | None = None,
    end: datetime | None = None,
    compat: bool = False,
) -> RunResult:
    """Analyse one window against a baseline.

    No rows are no error: nothing is evaluated then, and ``result.evaluation.n`` is 0.

    Parameters
    ----------
    spec : MonitorSpec
        What to analyse and how to decide.
    batches : iterable of Batch
        The rows of the window, read once.
    baseline : BaselineFiles
        From `load_baseline` or `import_baseline`.
    quarantine : Quarantine, optional
        Where the readers behind `batches` put bad records.
    end : datetime, optional
        End of the window, which the age of its data is counted to.
    compat : bool
        Decide and write exactly as Amazon's analyzer does.

    Raises
    ------
    BaselineError
        If the baseline's files cannot be read.
    ColumnNotFoundError
        If the specification names a feature that the baseline does not have.
    """
    fold = fold_of(spec, Against(baseline.files, end, compat))
    return conclude_window(fold, fold_all({spec.name: fold}, batches)[spec.name], quarantine)


def conclude_window(fold: Fold[S], state: S, quarantine: Quarantine | None = None) -> RunResult:
    """Conclude from a finished state, in whichever engine it was folded.

    Parameters
    ----------
    fold : Fold
        From `monitoring_core.kinds.fold_of`.
    state : state
        Of all rows of the window.
    quarantine : Quarantine, optional
        Bad records of the window.
    """
    analysis = fold.conclude(state)
    files = {**analysis.files, "evaluation.json": dump_evaluation(analysis.evaluation)}
    if quarantine is not None and quarantine.count:
        files["quarantine.jsonl"] = _quarantine_lines(quarantine)
    return RunResult(analysis.evaluation, files, analysis.metrics)


def _finding(check: Check) -> Finding:
    value = check.measurement.value if check.measurement is not None else math.nan
    constraint = check.constraint
    return Finding(
        feature_name(check),
        constraint.check_type,
        value,
        limit(check),
        check.reason,
        constraint.metric,
        constraint.subject.segment,
    )


def _quarantine_lines(quarantine: Quarantine) -> bytes:
    """Write counts by reason on the first line, then one line per kept record."""
    head = {"count": quarantine.count, "by_reason": {str(k): n for k, n in quarantine.by_reason.items()}}
    return msgspec.json.Encoder().encode_lines([head, *quarantine.examples])
