"""What a run says to the outside: its manifest where Evaluate wrote none, and its metrics. No input or output here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from functions.common.contract import CaughtError, Engine, Manifest, Plan, PublishInput, Request, RunSpec, Status
from functions.common.runs import find_run, resolve_window
from monitoring_core import metric_names
from monitoring_core.checks.drift import DRIFT_CHECK
from monitoring_core.checks.evaluation import Evaluation
from monitoring_core.metric_names import Metric
from monitoring_core.window import Window

MAX_REASON: Final = 1024
"""Characters of a reason, as of Amazon's ``FailureReason``."""


def find_run_and_window(asked: PublishInput) -> tuple[RunSpec, Window]:
    """Return which run is to be published, also when Plan failed before it could say so.

    Raises
    ------
    ConfigError
        If the start input names no run at all: then there is nothing to publish under.
    """
    if asked.run is not None and asked.plan is not None:
        return asked.run, asked.plan.window
    request = Request.model_validate(asked.request)
    run = find_run(asked.runs, request.monitor)
    return run, resolve_window(run, request)


def no_data(run: RunSpec, plan: Plan) -> Manifest:
    """Return the manifest of a run that had nothing to read."""
    return Manifest(
        **_identity(run, plan.window),
        status=Status.NO_DATA,
        reason=plan.engine_reason,
        engine=plan.engine,
        engine_reason=plan.engine_reason,
        objects=plan.objects,
        bytes=plan.bytes,
        rows=0,
    )


def failed(run: RunSpec, window: Window, plan: Plan | None, error: CaughtError) -> Manifest:
    """Return the manifest of a run that ended in an error."""
    return Manifest(
        **_identity(run, window),
        status=Status.FAILED,
        reason=explain(error),
        engine=plan.engine if plan else Engine.NONE,
        engine_reason=plan.engine_reason if plan else "the run could not be planned",
        objects=plan.objects if plan else None,
        bytes=plan.bytes if plan else None,
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
        metric_names.BASELINE_AGE: manifest.baseline_age_days,
    }


def drift_by_feature(evaluation: Evaluation) -> dict[str, float]:
    """Return the drift distance of every feature for which it was measured."""
    return {
        check.constraint.subject.column: check.measurement.value
        for check in evaluation.checks
        if check.constraint.check_type == DRIFT_CHECK and check.measurement is not None
    }


def _identity(run: RunSpec, window: Window) -> dict[str, object]:
    return {
        "run_id": run.run_id(window),
        "endpoint": run.endpoint,
        "monitor": run.monitor,
        "schedule": run.schedule,
        "window": window,
    }
