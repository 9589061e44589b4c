"""One execution as a run: its window, its status, its files and its manifest."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from functions.common.contract import (
    CaughtError,
    Engine,
    EvaluateOutput,
    FailedRunOutcome,
    FinishedRunOutcome,
    Manifest,
    Plan,
    PlannedRun,
    PublishInput,
    RunSpec,
    Status,
)
from functions.common.diagnosing import diagnose_run
from functions.common.findings import finite, worst_features
from functions.common.metric_time import refusal
from functions.common.reports import seal
from functions.common.storage import MANIFEST, sha256, write
from functions.evaluate.pages import history, report_page
from functions.managed_result.executions import Execution, Job
from functions.managed_result.reading import keep_clarify_page, read_baseline, read_result
from monitoring_core.artifacts import RunResult
from monitoring_core.baseline_files import BaselineFiles
from monitoring_core.dataset import Quarantine
from monitoring_core.diagnosis.rules import Facts
from monitoring_core.errors import WatchkeeperError
from monitoring_core.window import Window


@dataclass(frozen=True, slots=True)
class ManagedRun:
    """An execution that is over, and the window it was about."""

    run: RunSpec
    execution: Execution
    window: Window

    @classmethod
    def of(cls, run: RunSpec, execution: Execution) -> ManagedRun:
        """Find the window: the last one that was due when the schedule fired, as for every other runtime."""
        last = run.grid.ending_by(execution.scheduled_time)
        return cls(run, execution, run.grid.ending_by(last.end - run.lag))

    @property
    def why(self) -> str:
        """What produced the run, for the manifest."""
        job = self.execution.job.rpartition("/")[2]
        return f"Model Monitor: {job or 'no job was started'}"


def publish_input(managed: ManagedRun, started_at: datetime) -> PublishInput:
    """Write the run's report and manifest; return what Publish takes.

    An error of ours is the outcome of this run alone; Publish reports it.
    """
    run, plan = managed.run, _plan(managed, started_at)
    outcome: FinishedRunOutcome | FailedRunOutcome
    try:
        manifest = _conclude(managed, plan)
        outcome = FinishedRunOutcome(
            monitor=run.monitor, manifest=plan.report_prefix + MANIFEST, status=manifest.status
        )
    except WatchkeeperError as error:
        cause = json.dumps({"errorMessage": str(error)})
        outcome = FailedRunOutcome(monitor=run.monitor, error=CaughtError(Error=type(error).__name__, Cause=cause))
    return PublishInput(
        id=f"{run.monitor}-{managed.window.compact()}",
        engine=Engine.MANAGED,
        engine_reason=managed.why,
        runs=(PlannedRun(run=run, plan=plan),),
        result=EvaluateOutput(runs=(outcome,)),
    )


def _plan(managed: ManagedRun, started_at: datetime) -> Plan:
    run, window = managed.run, managed.window
    note = refusal(run.due(window), started_at)
    return Plan(
        run_id=run.run_id(window),
        window=window,
        engine=Engine.MANAGED,
        engine_reason=managed.why,
        objects=0,
        bytes=0,
        report_prefix=run.report_prefix(window),
        metrics=not note,
        note=note,
    )


def _conclude(managed: ManagedRun, plan: Plan) -> Manifest:
    if managed.execution.is_completed:
        return _write_verdict(managed, plan, Job.named(managed.execution.job))
    execution = managed.execution
    status = Status.NO_DATA if execution.found_no_data else Status.FAILED
    reason = execution.failure_reason or f"the execution has the status {execution.status}"
    manifest = _manifest(managed, plan, status).model_copy(update={"reason": reason})
    seal(manifest, plan.report_prefix + MANIFEST)
    return manifest


def _write_verdict(managed: ManagedRun, plan: Plan, job: Job) -> Manifest:
    baseline = read_baseline(managed.run, job)
    result = read_result(managed.run, job, baseline)
    page = report_page(managed.run, plan, baseline, result, Quarantine())
    files = {**result.files, "report.html": page}
    manifest = _verdict(managed, plan, job, baseline, result).model_copy(
        update={
            "files": {name: sha256(body) for name, body in sorted(files.items())},
            "report": f"{plan.report_prefix}report.html",
        }
    )
    if job.output == plan.report_prefix:
        keep_clarify_page(job)
    for name, body in files.items():
        write(plan.report_prefix + name, body)
    write(managed.run.history_uri(managed.window), history(plan, result, 1))
    seal(manifest, plan.report_prefix + MANIFEST)
    return manifest


def _verdict(managed: ManagedRun, plan: Plan, job: Job, baseline: BaselineFiles, result: RunResult) -> Manifest:
    status = Status.COMPLETED_WITH_VIOLATIONS if result.violations else Status.COMPLETED
    other = job.span and job.span != str(managed.window)
    note = f"the job analysed {job.span}, which is not the schedule's window {managed.window}" if other else ""
    return _manifest(managed, plan, status).model_copy(
        update={
            "note": "; ".join(filter(None, (plan.note, note))),
            "rows": result.evaluation.n or None,  # Clarify's files do not tell it
            "violations": result.violations,
            "drift_excess": finite(result.drift_excess),
            "worst": worst_features(result.worst),
            "diagnosis": diagnose_run(managed.run, baseline, result, Facts()),  # what was captured, the job alone knows
            "baseline_id": baseline.baseline_id,
            "baseline_created_at": baseline.info.created_at if baseline.info else None,
        }
    )


def _manifest(managed: ManagedRun, plan: Plan, status: Status) -> Manifest:
    run = managed.run
    return Manifest(
        run_id=plan.run_id,
        endpoint=run.endpoint,
        monitor=run.monitor,
        schedule=run.schedule,
        window=managed.window,
        status=status,
        note=plan.note,
        engine=Engine.MANAGED,
        engine_reason=managed.why,
    )
