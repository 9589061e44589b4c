"""What a run says to the outside: its manifest where Evaluate wrote none, and its metrics. No input or output here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from functions.common.contract import CaughtError, Engine, Manifest, Plan, RunSpec, Status
from monitoring_core import metric_names
from monitoring_core.metric_names import Metric
from monitoring_core.window import Window

MAX_REASON: Final = 1024
"""Characters of a reason, as of Amazon's ``FailureReason``."""


def no_data(run: RunSpec, plan: Plan) -> Manifest:
    """Return the manifest of a run that had nothing to read."""
    return Manifest(
        **_identity(run, plan.window),
        status=Status.NO_DATA,
        reason=plan.engine_reason,
        note=plan.note,
        engine=plan.engine,
        engine_reason=plan.engine_reason,
        objects=plan.objects,
        bytes=plan.bytes,
        rows=0,
    )


def failed(run: RunSpec, plan: Plan, error: CaughtError) -> Manifest:
    """Return the manifest of a planned run that ended in an error."""
    return Manifest(
        **_identity(run, plan.window),
        status=Status.FAILED,
        reason=explain(error),
        note=plan.note,
        engine=plan.engine,
        engine_reason=plan.engine_reason,
        objects=plan.objects,
        bytes=plan.bytes,
    )


def not_planned(run: RunSpec, window: Window, error: CaughtError, note: str) -> Manifest:
    """Return the manifest of a run that could not even be planned."""
    return Manifest(
        **_identity(run, window),
        status=Status.FAILED,
        reason=explain(error),
        note=note,
        engine=Engine.NONE,
        engine_reason="the run could not be planned",
    )


def explain(error: CaughtError) -> str:
    """Return the sentence behind an error that Step Functions caught.

    Examples
    --------
    >>> explain(CaughtError(Error="BaselineError", Cause='{"errorMessage": "no baseline"}'))
    'BaselineError: no baseline'
    >>> explain(CaughtError(Error="States.Timeout"))
    'States.Timeout'
    """
    try:
        cause = json.loads(error.cause)
    except ValueError:
        cause = error.cause
    message = cause.get("errorMessage", error.cause) if isinstance(cause, dict) else error.cause
    return f"{error.error}: {message}"[:MAX_REASON] if message else error.error


def metric_values(manifest: Manifest) -> Mapping[Metric, float | None]:
    """Return the run metrics; what the run could not know is None and not published."""
    return {
        metric_names.RUNS_COMPLETED: int(manifest.status.is_verdict),
        metric_names.RUNS_FAILED: int(manifest.status is Status.FAILED),
        metric_names.RUNS_WITHOUT_DATA: int(manifest.status is Status.NO_DATA),
        metric_names.VIOLATIONS: manifest.violations,
        metric_names.DRIFT_EXCESS: manifest.drift_excess,
        metric_names.ROWS: manifest.rows,
        metric_names.QUARANTINED_RECORDS: manifest.quarantined,
        metric_names.LABEL_COVERAGE: manifest.labels.coverage if manifest.labels else None,
        metric_names.BASELINE_AGE: manifest.baseline_age_days,
    }


def _identity(run: RunSpec, window: Window) -> dict[str, object]:
    return {
        "run_id": run.run_id(window),
        "endpoint": run.endpoint,
        "monitor": run.monitor,
        "schedule": run.schedule,
        "window": window,
    }
