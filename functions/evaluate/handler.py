"""Lambda handler: a planned run becomes its report.

Files are written first and the manifest last, so a run that was killed did not happen. A second run
over the same objects writes the same bytes.
"""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.common.baselines import BaselineStore
from functions.common.capture import list_capture
from functions.common.contract import EvaluateOutput, Manifest, Plan, PlanOutput, RunSpec
from functions.common.metric_file import METRICS, dump_metrics
from functions.common.reports import earlier_verdict, write_report
from functions.common.storage import MANIFEST, write
from functions.evaluate.outcome import make_manifest
from functions.evaluate.pages import history, report_page
from functions.evaluate.reading import read_rows
from functions.evaluate.revisions import find_revision
from monitoring_core.artifacts import evaluate_window
from monitoring_core.dataset import Quarantine
from monitoring_core.dataset.late_labels import revision_prefix

logger = Logger(service="evaluate")
tracer = Tracer(service="evaluate")


@logger.inject_lambda_context
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Analyse the window's captured rows against the baseline in force and write the report."""
    planned = PlanOutput.model_validate(event)
    manifest, uri = _run(planned.run, planned.plan)
    logger.info(
        "evaluated", extra=manifest.model_dump(mode="json", include={"run_id", "status", "rows", "quarantined"})
    )
    return EvaluateOutput(manifest=uri, status=manifest.status).model_dump(mode="json")


def _run(run: RunSpec, plan: Plan) -> tuple[Manifest, str]:
    """Return the manifest and where it lies."""
    baseline = BaselineStore(run.baselines).current()
    capture = list_capture(run.capture_prefix, plan.window)
    quarantine = Quarantine()
    rows = read_rows(run, plan, capture, quarantine)
    result = evaluate_window(run.spec, rows.batches, baseline, quarantine=quarantine, end=plan.window.end)
    revision = find_revision(plan.report_prefix, rows.labels)
    prefix = revision_prefix(plan.report_prefix, revision)
    if result.evaluation.n:
        files = {**result.files, "report.html": report_page(run, plan, baseline, result, quarantine)}
        metrics = dump_metrics(result.metrics, run.emit)
        if metrics is not None:
            files[METRICS] = metrics
    else:
        files = {name: body for name, body in result.files.items() if name == "quarantine.jsonl"}
        earlier = earlier_verdict(prefix + MANIFEST)
        if earlier is not None:
            return earlier, prefix + MANIFEST
    manifest = make_manifest(
        run, plan, capture, baseline, result, quarantine, files, labels=rows.labels, revision=revision
    )
    if manifest.status.is_verdict:
        write(run.history_uri(plan.window, revision), history(plan, result, revision))
    write_report(prefix, files, manifest)
    return manifest, prefix + MANIFEST
