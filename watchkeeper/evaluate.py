"""Hold files against a baseline and write what the deployed function writes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

from functions.common.contract import Engine, Manifest, Status
from functions.common.findings import finite, worst_features
from monitoring_core.artifacts import RunResult, evaluate_window, import_baseline, load_baseline
from monitoring_core.baseline_files import CONSTRAINTS, HISTOGRAMS, INFO, STATISTICS, BaselineFiles
from monitoring_core.checks.evaluation import Outcome
from monitoring_core.dataset import Quarantine
from monitoring_core.errors import BaselineError, ConfigError, DataError, NoDataError
from monitoring_core.metric_names import schedule_name
from monitoring_core.monitors.data_quality.analysis import load_limits
from monitoring_core.report.html import render_run_report
from monitoring_core.report.run_view import RunReport, violation_rows
from monitoring_core.report.words import lead, verdict
from monitoring_core.spec import SchemaSpec
from monitoring_core.window import Window
from watchkeeper.exits import Exit
from watchkeeper.inputs import find, find_all
from watchkeeper.output import Output
from watchkeeper.reading import DataFormat, read_batches
from watchkeeper.settings import MonitorSettings

BASELINE_NAMES = frozenset({STATISTICS, CONSTRAINTS, HISTOGRAMS, INFO})
STYLES = {Outcome.VIOLATED: "bold red", Outcome.PASSED: "bold green", Outcome.NOT_EVALUATED: "bold yellow"}
CODES = {Outcome.VIOLATED: Exit.VIOLATIONS, Outcome.PASSED: Exit.CLEAN, Outcome.NOT_EVALUATED: Exit.NO_DATA}


def evaluate_files(
    data: Sequence[str],
    baseline_folder: str,
    folder: Path,
    output: Output,
    settings: MonitorSettings,
    *,
    window: Window | None,
    data_format: DataFormat,
    ignore: Sequence[str],
) -> Exit:
    """Analyse files, write the report, say the verdict; return the exit code."""
    baseline = read_baseline(baseline_folder)
    features = tuple(feature.name for feature in load_limits(baseline.files).features)
    columns = settings.spec.columns if settings.spec.columns.features else SchemaSpec(features=features)
    files, quarantine = find_all(data), Quarantine()
    batches = read_batches(
        files, output, quarantine, data_format=data_format, columns=columns, window=window, ignore=ignore
    )
    result = evaluate_window(settings.spec, batches, baseline, quarantine=quarantine)
    if not result.evaluation.n:
        raise NoDataError(
            f"no row to judge in {', '.join(data)}: {quarantine.count} records could not be read, "
            f"{quarantine.out_of_window} are outside the window"
        )
    report = _report(settings, window, result, baseline, quarantine)
    written = {**result.files, "report.html": render_run_report(report).encode()}
    if window is not None:
        manifest = _manifest(report, window, result, quarantine, written, sum(item.size for item in files), len(files))
        written["manifest.json"] = manifest.model_dump_json(indent=2).encode() + b"\n"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in written.items():
        (folder / name).write_bytes(content)
    _say(output, report, result, quarantine, folder)
    return CODES[result.evaluation.outcome]


def read_baseline(location: str) -> BaselineFiles:
    """Read a baseline: one of ours, checked against its hashes, or the two files of Amazon's analyzer.

    Raises
    ------
    BaselineError
        If there is none, or it was changed.
    """
    try:
        found = find(location, keep=BASELINE_NAMES.__contains__)
    except DataError as error:
        raise BaselineError(f"no baseline: {error}; make one with `watchkeeper baseline`") from error
    files = {PurePosixPath(item.name).name: item.read() for item in found}
    if INFO in files:
        return load_baseline(files)
    if CONSTRAINTS not in files:
        raise BaselineError(
            f"no baseline in {location}: it needs {CONSTRAINTS} and {STATISTICS}; make one with `watchkeeper baseline`"
        )
    return import_baseline(files[CONSTRAINTS], files.get(STATISTICS), files.get(HISTOGRAMS))


def parse_window(text: str | None) -> Window | None:
    """Read the option ``--window``."""
    try:
        return None if text is None else Window.parse(text)
    except DataError as error:
        raise ConfigError(f"--window: {error}") from error


def parse_format(text: str) -> DataFormat:
    """Read the option ``--format``."""
    try:
        return DataFormat(text)
    except ValueError:
        raise ConfigError(f"--format: {text!r} is not known; allowed: {', '.join(DataFormat)}") from None


def _report(
    settings: MonitorSettings, window: Window | None, result: RunResult, baseline: BaselineFiles, quarantine: Quarantine
) -> RunReport:
    name = f"{settings.endpoint}/{settings.spec.name}"
    return RunReport(
        endpoint=settings.endpoint,
        monitor=settings.spec.name,
        evaluation=result.evaluation,
        window=window,
        statistics=_json(result.files, STATISTICS),
        baseline_statistics=_json(baseline.files, STATISTICS),
        run_id="" if window is None else f"{name}/{window.compact()}",
        baseline_id=baseline.baseline_id,
        baseline_created_at=None if baseline.info is None else baseline.info.created_at,
        quarantine={str(reason): n for reason, n in quarantine.by_reason.items()},
        engine=Engine.LOCAL,
    )


def _json(files: Mapping[str, bytes], name: str) -> Any:
    return json.loads(files[name]) if name in files else None


def _manifest(
    report: RunReport,
    window: Window,
    result: RunResult,
    quarantine: Quarantine,
    written: Mapping[str, bytes],
    n_bytes: int,
    n_files: int,
) -> Manifest:
    return Manifest(
        run_id=report.run_id,
        endpoint=report.endpoint,
        monitor=report.monitor,
        schedule=schedule_name(report.endpoint, report.monitor),
        window=window,
        status=Status.COMPLETED_WITH_VIOLATIONS if result.violations else Status.COMPLETED,
        engine=Engine.LOCAL,
        engine_reason="run from the command line",
        objects=n_files,
        bytes=n_bytes,
        rows=result.evaluation.n,
        quarantined=quarantine.count,
        violations=result.violations,
        drift_excess=finite(result.drift_excess),
        worst=worst_features(result.worst),
        baseline_id=report.baseline_id,
        baseline_created_at=report.baseline_created_at,
        files={name: sha256(content).hexdigest() for name, content in sorted(written.items())},
        report="report.html",
    )


def _say(output: Output, report: RunReport, result: RunResult, quarantine: Quarantine, folder: Path) -> None:
    evaluation = result.evaluation
    output.say(verdict(evaluation), style=STYLES[evaluation.outcome])
    output.say(lead(evaluation))
    rows = violation_rows(evaluation)
    output.table(
        ("feature", "problem", "measured", "allowed", "rows"),
        ((row.feature, row.title, row.measured, row.limit, row.n) for row in rows),
    )
    if quarantine.count:
        output.say(f"{quarantine.count:,} records could not be read; see {folder / 'quarantine.jsonl'}", style="yellow")
    output.say(f"report: {folder / 'report.html'}")
    output.result(
        {
            "outcome": evaluation.outcome,
            "rows": evaluation.n,
            "violations": json.loads(result.files["constraint_violations.json"])["violations"],
            "drift_excess": finite(result.drift_excess),
            "quarantined": quarantine.count,
            "quarantine": report.quarantine,
            "baseline_id": report.baseline_id,
            "folder": str(folder),
        }
    )
