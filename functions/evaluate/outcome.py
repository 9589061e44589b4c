"""From a result to the run's status and manifest; no input or output here."""

from __future__ import annotations

import math
from collections.abc import Mapping

from functions.common.contract import Manifest, Plan, RunSpec, Status
from functions.common.diagnosing import diagnose_run
from functions.common.findings import finite, label_counts, worst_features
from functions.common.storage import sha256
from monitoring_core.artifacts import RunResult
from monitoring_core.baseline_files import BaselineFiles
from monitoring_core.dataset import JoinReport, Quarantine
from monitoring_core.dataset.late_labels import revision_prefix
from monitoring_core.diagnosis.rules import Facts
from monitoring_core.engines.partial import Merged


def decide_status(result: RunResult, quarantine: Quarantine, labels: JoinReport | None) -> tuple[Status, str]:
    """Return the status and, where there is no verdict, the reason.

    No record is `NoData`; records of which not one can be read are a failure, not silence.
    """
    if result.evaluation.n:
        return (Status.COMPLETED_WITH_VIOLATIONS if result.violations else Status.COMPLETED), ""
    if labels is not None and labels.events and not quarantine.count:
        found = f"; {labels.labels_without_event} labels belong to other events" if labels.labels_without_event else ""
        return Status.NO_DATA, f"none of the window's {labels.events} events has a label{found}"
    if not quarantine.count:
        return Status.NO_DATA, f"no record in the window; {quarantine.out_of_window} records near it lie outside"
    reason, n = quarantine.by_reason.most_common(1)[0]
    return Status.FAILED, (
        f"none of the window's {quarantine.count} records could be read; {n} times: {reason}; "
        "see quarantine.jsonl, then check the capture's content types and the schema in the configuration"
    )


def make_manifest(
    run: RunSpec,
    plan: Plan,
    baseline: BaselineFiles,
    result: RunResult,
    folded: Merged,
    files: Mapping[str, bytes],
    *,
    revision: int,
) -> Manifest:
    """Return the manifest that seals `files`."""
    quarantine, labels = folded.quarantine, folded.labels
    status, reason = decide_status(result, quarantine, labels)
    report = f"{revision_prefix(plan.report_prefix, revision)}report.html" if "report.html" in files else None
    return Manifest(
        run_id=plan.run_id,
        endpoint=run.endpoint,
        monitor=run.monitor,
        schedule=run.schedule,
        window=plan.window,
        revision=revision,
        status=status,
        reason=reason,
        note=plan.note,
        engine=plan.engine,
        engine_reason=plan.engine_reason,
        objects=plan.objects,
        bytes=plan.bytes,
        rows=result.evaluation.n,
        quarantined=quarantine.count,
        labels=None if labels is None else label_counts(labels),
        violations=result.violations if status.is_verdict else None,
        drift_excess=finite(result.drift_excess),
        worst=worst_features(result.worst),
        diagnosis=diagnose_run(run, baseline, result, facts_of_capture(plan, result, folded)),
        baseline_id=baseline.baseline_id,
        baseline_created_at=baseline.info.created_at if baseline.info else None,
        files={name: sha256(body) for name, body in sorted(files.items())},
        report=report,
    )


def facts_of_capture(plan: Plan, result: RunResult, folded: Merged) -> Facts:
    """Return what plan and fold know about the capture of a window."""
    unreadable, repeated = folded.quarantine.count, folded.repetitions.share
    records = result.evaluation.n + unreadable
    return Facts(
        duplicate_share=None if math.isnan(repeated) else repeated,
        unreadable_share=unreadable / records if records else None,
        empty_hours_share=plan.empty_hours_share,
    )
