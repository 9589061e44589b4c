"""One run becomes one event and its metrics."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime

from aws_lambda_powertools import Logger

from functions.common.contract import (
    CaptureSource,
    CaughtError,
    Engine,
    FailedRunOutcome,
    FinishedRunOutcome,
    Manifest,
    MonitorRunCompleted,
    PlanFailure,
    PlannedRun,
    PublishedRun,
    PublishInput,
    RunSpec,
    Status,
)
from functions.common.metric_file import METRICS, load_metrics
from functions.common.metric_time import metric_time, refusal
from functions.common.reports import seal
from functions.common.runs import requested_runs, resolve_window
from functions.common.storage import MANIFEST, StorageError, read
from functions.publish import verdict
from functions.publish.events import put_event
from monitoring_core.metric_names import aws_metrics
from monitoring_core.report.emf import parity_metrics, run_metrics

logger = Logger(service="publish", child=True)


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that is over, however it ended.

    Attributes
    ----------
    uri : str or None
        Where its manifest lies, if it could be written.
    metrics : bool
        Whether CloudWatch takes its metrics.
    job_end : datetime or None
        When the transform job ended that started it.
    """

    run: RunSpec
    manifest: Manifest
    uri: str | None
    metrics: bool
    job_end: datetime | None = None

    @property
    def failed(self) -> bool:
        """Whether it ended in an error."""
        return self.manifest.status is Status.FAILED

    def told(self) -> PublishedRun:
        """Return what the execution says about it."""
        wanted = set(PublishedRun.model_fields)
        return PublishedRun.model_validate(self.manifest.model_dump(include=wanted))


def ended_runs(asked: PublishInput) -> list[Ended]:
    """Return the runs of a pass: what Evaluate did not finish is a failure, what it did not see had no data."""
    outcomes = {outcome.monitor: outcome for outcome in asked.result.runs} if asked.result else {}
    return [_ended(planned, asked.error, outcomes.get(planned.run.monitor)) for planned in asked.runs]


def unplanned_runs(asked: PlanFailure) -> list[Ended]:
    """Return the runs that a request asks for, none of which Plan could plan.

    Raises
    ------
    ConfigError
        If the start input names no run at all: then there is nothing to publish under.
    """
    found = []
    for run in requested_runs(asked.runs, asked.request):
        window = resolve_window(run, asked.request, asked.started_at)  # of a transform job's end only Plan knows more
        note = refusal(run.due(window), asked.started_at)
        manifest = verdict.not_planned(run, window, asked.error, note)
        uri = _seal_failure(manifest, run.report_prefix(window) + MANIFEST)
        job_end = asked.started_at if asked.request.transform_job else None
        found.append(Ended(run, manifest, uri, metrics=not note, job_end=job_end))
    return found


def publish(ended: Ended) -> None:
    """Put the run's event and print its metrics."""
    manifest = ended.manifest
    put_event(MonitorRunCompleted.of(manifest, ended.uri))
    if ended.metrics:
        _print_metrics(ended)
    if manifest.note:
        logger.warning(manifest.note, extra={"run_id": manifest.run_id})
    logger.info("published", extra={"run_id": manifest.run_id, "status": manifest.status, "reason": manifest.reason})


def _ended(
    planned: PlannedRun, error: CaughtError | None, outcome: FinishedRunOutcome | FailedRunOutcome | None
) -> Ended:
    run, plan = planned.run, planned.plan
    if isinstance(outcome, FinishedRunOutcome):
        manifest = Manifest.model_validate_json(read(outcome.manifest))
        return Ended(run, manifest, outcome.manifest, plan.metrics, plan.job_end)
    uri = run.report_prefix(plan.window) + MANIFEST
    error = outcome.error if outcome else error
    if error is not None:
        manifest = verdict.failed(run, plan, error)
        return Ended(run, manifest, _seal_failure(manifest, uri), plan.metrics, plan.job_end)
    if plan.engine is not Engine.NONE:
        raise ValueError(f"run {plan.run_id} has neither a result nor an error; give Publish one of them")
    manifest = verdict.no_data(run, plan)
    return Ended(run, manifest, uri if seal(manifest, uri) else None, plan.metrics, plan.job_end)


def _seal_failure(manifest: Manifest, uri: str) -> str | None:
    """Write the manifest of a failed run if that is possible; the failure may be that nothing can be written."""
    try:
        return uri if seal(manifest, uri) else None
    except StorageError as error:
        logger.warning("no manifest of the failed run", extra={"run_id": manifest.run_id, "why": str(error)})
        return None


def _print_metrics(ended: Ended) -> None:
    """Print the metrics as lines of their own: CloudWatch takes them from the log.

    Amazon's metrics carry the window's start, as Model Monitor's do.
    """
    run, manifest, uri = ended.run, ended.manifest, ended.uri
    start, time = manifest.window.start, metric_time(run.due(manifest.window), ended.job_end)
    lines = run_metrics(run.endpoint, run.schedule, verdict.metric_values(manifest), time)
    if uri and METRICS in manifest.files:
        metrics = load_metrics(read(uri.removesuffix(MANIFEST) + METRICS))
        endpoint = None if run.source is CaptureSource.BATCH_TRANSFORM else run.endpoint
        lines += parity_metrics(aws_metrics(run.spec.kind, endpoint, run.schedule), metrics, start)
    sys.stdout.writelines(f"{line}\n" for line in lines)
