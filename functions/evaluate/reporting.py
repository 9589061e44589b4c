"""From a monitor's state to its report in the bucket.

Files are written first and the manifest last, so a run that was killed did not happen. A second run
over the same objects writes the same bytes.
"""

from __future__ import annotations

from typing import Any

from functions.common.contract import Manifest
from functions.common.folding import Held
from functions.common.metric_file import METRICS, dump_metrics
from functions.common.reports import earlier_verdict, write_report
from functions.common.storage import MANIFEST, write
from functions.evaluate.outcome import make_manifest
from functions.evaluate.pages import history, report_page
from functions.evaluate.revisions import find_revision
from monitoring_core.artifacts import conclude_window
from monitoring_core.dataset.late_labels import revision_prefix
from monitoring_core.engines.partial import Merged


def report_run(held: Held, state: Any, folded: Merged) -> tuple[Manifest, str]:
    """Judge a finished state and write the run's report; return the manifest and where it lies."""
    run, plan, baseline, quarantine = held.planned.run, held.planned.plan, held.baseline, folded.quarantine
    result = conclude_window(held.fold, state, quarantine)
    revision = find_revision(plan.report_prefix, folded.labels)
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
    manifest = make_manifest(run, plan, baseline, result, folded, files, revision=revision)
    if manifest.status.is_verdict:
        write(run.history_uri(plan.window, revision), history(plan, result, revision))
    write_report(prefix, files, manifest)
    return manifest, prefix + MANIFEST
