"""The two files of a run that are made from its result: the page people read and the history row by row."""

from __future__ import annotations

import json
from typing import Any

from functions.common.contract import Plan, RunSpec
from monitoring_core.artifacts import RunResult
from monitoring_core.baseline_files import STATISTICS, BaselineFiles
from monitoring_core.dataset import Quarantine
from monitoring_core.report.history import history_parquet
from monitoring_core.report.html import render_run_report
from monitoring_core.report.run_view import RunReport
from monitoring_core.version import VERSION


def report_page(run: RunSpec, plan: Plan, baseline: BaselineFiles, result: RunResult, quarantine: Quarantine) -> bytes:
    """Return ``report.html``."""
    report = RunReport(
        endpoint=run.endpoint,
        monitor=run.monitor,
        evaluation=result.evaluation,
        window=plan.window,
        statistics=_statistics(result.files.get(STATISTICS)),
        baseline_statistics=_statistics(baseline.files.get(STATISTICS)),
        run_id=plan.run_id,
        title=run.report_title,
        baseline_id=baseline.baseline_id,
        baseline_created_at=baseline.info.created_at if baseline.info else None,
        quarantine={str(reason): n for reason, n in quarantine.by_reason.items()},
        engine=plan.engine,
    )
    return render_run_report(report).encode()


def history(plan: Plan, result: RunResult, revision: int) -> bytes:
    """Return the run's measurements and checks as Parquet."""
    return history_parquet(
        result.evaluation,
        run_id=plan.run_id,
        window=plan.window,
        revision=revision,
        engine=plan.engine,
        version=VERSION,
    )


def _statistics(body: bytes | None) -> dict[str, Any] | None:
    return None if body is None else json.loads(body)
