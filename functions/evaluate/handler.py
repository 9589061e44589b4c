"""Lambda handler: a planned pass becomes the reports of its runs.

A monitor that fails (no baseline, a missing column) does not stop the others; only what keeps the data itself
from being read fails the whole pass.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.common.contract import (
    CaughtError,
    EvaluateOutput,
    FailedRunOutcome,
    FinishedRunOutcome,
    Pass,
    PlannedRun,
)
from functions.common.folding import Held, fold_shard, hold_runs
from functions.evaluate.partials import read_partials
from functions.evaluate.reading import planned_baseline, stored_sources
from functions.evaluate.reporting import report_run
from monitoring_core.engines.local import Failure
from monitoring_core.engines.partial import Merged

logger = Logger(service="evaluate")
tracer = Tracer(service="evaluate")


@logger.inject_lambda_context
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Judge what a job has folded, or fold here, and write a report for each run."""
    asked = Pass.model_validate(event)
    held, failures = hold_runs(asked, planned_baseline)
    folded = _folded(asked, held)
    failures = {**folded.failures, **failures}
    outcomes = tuple(
        _failed(planned, failures[name]) if (name := planned.run.monitor) in failures else _report(held[name], folded)
        for planned in asked.runs
    )
    return EvaluateOutput(runs=outcomes).model_dump(mode="json", by_alias=True)


def _folded(asked: Pass, held: Mapping[str, Held]) -> Merged:
    if asked.job is not None:
        return read_partials(asked.job, held)
    first = asked.runs[0]
    return fold_shard(held, first, stored_sources(first)).whole()


def _report(held: Held, folded: Merged) -> FinishedRunOutcome | FailedRunOutcome:
    monitor = held.planned.run.monitor
    try:
        manifest, uri = report_run(held, folded.states[monitor], folded)
    except Exception as error:  # one monitor must not stop the others
        logger.exception("not evaluated", extra={"run_id": held.planned.plan.run_id})
        return _failed(held.planned, Failure(type(error).__name__, str(error)))
    logger.info(
        "evaluated", extra=manifest.model_dump(mode="json", include={"run_id", "status", "rows", "quarantined"})
    )
    return FinishedRunOutcome(monitor=monitor, manifest=uri, status=manifest.status)


def _failed(planned: PlannedRun, failure: Failure) -> FailedRunOutcome:
    logger.warning("failed", extra={"run_id": planned.plan.run_id, "error": failure.error, "why": failure.message})
    error = CaughtError(Error=failure.error, Cause=json.dumps({"errorMessage": failure.message}))
    return FailedRunOutcome(monitor=planned.run.monitor, error=error)
