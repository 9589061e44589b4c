"""Lambda handler: the outcome of a run becomes one event and its metrics, whatever the outcome was.

A redelivered run publishes the same event again; consumers are idempotent by `run_id`.
"""

from __future__ import annotations

import sys
from typing import Any

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.common.contract import Manifest, MonitorRunCompleted, PublishInput, RunSpec
from functions.common.metric_file import METRICS, load_metrics
from functions.common.metric_time import metric_time
from functions.common.reports import seal
from functions.common.storage import MANIFEST, StorageError, read
from functions.publish import verdict
from functions.publish.events import put_event
from monitoring_core.metric_names import endpoint_namespace
from monitoring_core.report.emf import parity_metrics, run_metrics
from monitoring_core.window import Window

logger = Logger(service="publish")
tracer = Tracer(service="publish")


@logger.inject_lambda_context
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:  # noqa: ARG001 - Lambda's signature
    """Publish a run that has a verdict, had no data, or failed."""
    asked = PublishInput.model_validate(event)
    run, window = verdict.find_run_and_window(asked)
    note = verdict.refused_metrics(asked, run, window)
    manifest, uri = _manifest(asked, run, window, note)
    put_event(MonitorRunCompleted.of(manifest, uri))
    if note:
        logger.warning(note, extra={"run_id": manifest.run_id})
    else:
        _print_metrics(run, manifest, uri)
    logger.info("published", extra={"run_id": manifest.run_id, "status": manifest.status, "reason": manifest.reason})
    return {"status": manifest.status}


def _manifest(asked: PublishInput, run: RunSpec, window: Window, note: str) -> tuple[Manifest, str | None]:
    """Return the run's manifest and where it lies; Evaluate wrote it where there was anything to evaluate."""
    uri = run.report_prefix(window) + MANIFEST
    if asked.error is not None:
        manifest = verdict.failed(run, window, asked.plan, asked.error, note)
        return manifest, _seal_failure(manifest, uri)
    if asked.result is not None:
        return Manifest.model_validate_json(read(asked.result.manifest)), asked.result.manifest
    if asked.plan is None:
        raise ValueError("Publish needs a plan, a result or an error; got none of them")
    manifest = verdict.no_data(run, asked.plan)
    return manifest, uri if seal(manifest, uri) else None


def _seal_failure(manifest: Manifest, uri: str) -> str | None:
    """Write the manifest of a failed run if that is possible; the failure may be that nothing can be written."""
    try:
        return uri if seal(manifest, uri) else None
    except StorageError as error:
        logger.warning("no manifest of the failed run", extra={"run_id": manifest.run_id, "why": str(error)})
        return None


def _print_metrics(run: RunSpec, manifest: Manifest, uri: str | None) -> None:
    """Print the metrics as lines of their own: CloudWatch takes them from the log.

    Amazon's metrics carry the window's start, as Model Monitor's do.
    """
    start, time = manifest.window.start, metric_time(run.due(manifest.window))
    lines = run_metrics(run.endpoint, run.schedule, verdict.metric_values(manifest), time)
    if uri and METRICS in manifest.files:
        metrics = load_metrics(read(uri.removesuffix(MANIFEST) + METRICS))
        namespace = endpoint_namespace(run.spec.kind)
        lines += parity_metrics(namespace, run.endpoint, run.schedule, metrics, start)
    sys.stdout.writelines(f"{line}\n" for line in lines)
