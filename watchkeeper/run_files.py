"""Hold files against a baseline and write what the deployed function writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from functions.common.contract import Engine, Manifest, Status
from functions.common.findings import finite, label_counts, worst_features
from monitoring_core.checks.evaluation import Outcome
from monitoring_core.dataset import JoinReport, Quarantine
from monitoring_core.errors import NoDataError
from monitoring_core.metric_names import schedule_name
from monitoring_core.window import Window
from watchkeeper.baselines import Baseline
from watchkeeper.columns import leave_out
from watchkeeper.exits import Exit
from watchkeeper.output import Output
from watchkeeper.reading import Given, Rows, read_rows
from watchkeeper.result import Result, judge
from watchkeeper.telling import say_result

CODES = {Outcome.VIOLATED: Exit.VIOLATIONS, Outcome.PASSED: Exit.CLEAN, Outcome.NOT_EVALUATED: Exit.NO_DATA}


def run_files(given: Given, baseline: Baseline, folder: Path, output: Output, *, ignore: Sequence[str]) -> Exit:
    """Analyse files, write the report, say the verdict; return the exit code."""
    quarantine = Quarantine()
    rows = read_rows(given, baseline.settings, output, quarantine)
    result = _judge(baseline, rows, quarantine, given.window, ignore)
    written = dict(result.files)
    if given.window is not None:
        manifest = _manifest(given, given.window, result, quarantine, rows.labels, written)
        written["manifest.json"] = manifest.model_dump_json(indent=2).encode() + b"\n"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in written.items():
        (folder / name).write_bytes(content)
    say_result(output, result, quarantine, rows.labels, folder)
    return CODES[result.outcome]


def _judge(
    baseline: Baseline, rows: Rows, quarantine: Quarantine, window: Window | None, ignore: Sequence[str]
) -> Result:
    try:
        return judge(baseline, leave_out(rows.batches, ignore), quarantine, window=window)
    except NoDataError:
        if rows.labels is not None and rows.labels.events and not rows.labels.matched:
            raise NoDataError(
                f"no row to judge: none of the {rows.labels.events:,} events has a label. "
                f"{rows.labels.labels_without_event:,} labels are of other events, {quarantine.count:,} records could "
                "not be read; labels are joined by inferenceId, or by eventId where an event has none"
            ) from None
        raise


def _manifest(
    given: Given,
    window: Window,
    result: Result,
    quarantine: Quarantine,
    labels: JoinReport | None,
    written: Mapping[str, bytes],
) -> Manifest:
    run, report = result.run, result.report
    return Manifest(
        run_id=report.run_id,
        endpoint=report.endpoint,
        monitor=report.monitor,
        schedule=schedule_name(report.endpoint, report.monitor),
        window=window,
        status=Status.COMPLETED_WITH_VIOLATIONS if run.violations else Status.COMPLETED,
        engine=Engine.LOCAL,
        engine_reason="run from the command line",
        objects=len(given.data),
        bytes=sum(item.size for item in given.data),
        rows=result.rows,
        quarantined=quarantine.count,
        labels=None if labels is None else label_counts(labels),
        violations=run.violations,
        drift_excess=finite(run.drift_excess),
        worst=worst_features(run.worst),
        baseline_id=report.baseline_id,
        baseline_created_at=report.baseline_created_at,
        files={name: sha256(content).hexdigest() for name, content in sorted(written.items())},
        report="report.html",
    )
