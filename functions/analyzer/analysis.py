"""One analysis, from settings to files and the sentence that ends the job."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from functions.analyzer.data_format import find_files, read_batches
from functions.analyzer.metrics_file import write_metrics
from functions.analyzer.scripts import RecordScript, compile_script, run_postprocess
from functions.analyzer.settings import Settings
from functions.analyzer.specification import specification
from monitoring_core.artifacts import RunResult, evaluate_window, make_baseline
from monitoring_core.baseline_files import CONSTRAINTS, HISTOGRAMS, STATISTICS, BaselineFiles
from monitoring_core.dataset.batch import Batch
from monitoring_core.dataset.quarantine import Quarantine
from monitoring_core.errors import BaselineError, NoDataError
from monitoring_core.monitors.data_quality.analysis import load_limits
from monitoring_core.monitors.model_quality.own_file import OWN_FILE

AWS_FILES: Final = frozenset({"statistics.json", "constraints.json", "constraint_violations.json"})
OUR_FILES: Final = (HISTOGRAMS, OWN_FILE)

logger = logging.getLogger("watchkeeper.analyzer")


def analyse(settings: Settings, now: datetime) -> str:
    """Make a baseline, or hold the data against one; write the files; return the exit message.

    Raises
    ------
    WatchkeeperError
        If the data or the baseline cannot be read, there is no data, or a script of the user fails.
    """
    postprocess = settings.post_analytics_processor_script
    if postprocess is not None:
        compile_script(postprocess)  # before the work, not after it
    message = _analyse(settings, now)
    if postprocess is not None:
        run_postprocess(postprocess)
    return message


def _analyse(settings: Settings, now: datetime) -> str:
    if settings.baseline_constraints is None:
        _write(settings, _make_baseline(settings, now).files)
        return exit_message(0)
    result = _evaluate(settings)
    _write(settings, result.files)
    if settings.publish_cloudwatch_metrics == "Enabled":
        write_metrics(settings, result.metrics, now)
    return exit_message(result.violations)


def exit_message(violations: int) -> str:
    """Return Amazon's sentence (contract 3.6).

    Examples
    --------
    >>> exit_message(60)
    'CompletedWithViolations: Job completed successfully with 60 violations.'
    """
    if not violations:
        return "Completed: Job completed successfully with no violations."
    return f"CompletedWithViolations: Job completed successfully with {violations} violations."


def warn_of(quarantine: Quarantine) -> None:
    """Say how many records were left out, and why: Amazon's files have no place for it."""
    if quarantine.count:
        reasons = ", ".join(f"{count} because {reason}" for reason, count in quarantine.by_reason.most_common())
        logger.warning("%d records could not be read and are left out: %s", quarantine.count, reasons)


def _make_baseline(settings: Settings, now: datetime) -> BaselineFiles:
    digest, quarantine = sha256(), Quarantine()
    for path in find_files(settings.dataset_source):
        digest.update(path.read_bytes())
    try:
        return make_baseline(
            specification(settings),
            _batches(settings, [], quarantine),
            model=settings.endpoint or "",
            dataset=str(settings.dataset_source),
            dataset_sha256=digest.hexdigest(),
            created_at=now,
            compat=settings.compat,
        )
    finally:
        warn_of(quarantine)


def _evaluate(settings: Settings) -> RunResult:
    baseline, spec = _baseline(settings), specification(settings)
    names = [feature.name for feature in load_limits(baseline.files).features] if spec.kind == "data-quality" else []
    quarantine = Quarantine()
    result = evaluate_window(
        spec,
        _batches(settings, names, quarantine),
        baseline,
        quarantine=quarantine,
        compat=settings.compat,
    )
    warn_of(quarantine)
    if not result.evaluation.n:
        raise NoDataError(
            f"{settings.dataset_source} has no record to analyse ({quarantine.count} unreadable, "
            f"{quarantine.out_of_window} outside the window)"
        )
    return result


def _batches(settings: Settings, names: list[str], quarantine: Quarantine) -> Iterator[Batch]:
    files = find_files(settings.dataset_source)
    path = settings.record_preprocessor_script
    return read_batches(
        settings.dataset_format,
        files,
        names=names,
        window=settings.window,
        quarantine=quarantine,
        script=None if path is None else RecordScript(path),
    )


def _baseline(settings: Settings) -> BaselineFiles:
    """Read Amazon's files, and those of ours that lie beside them."""
    files = {CONSTRAINTS: settings.baseline_constraints, STATISTICS: settings.baseline_statistics}
    given = {name: path for name, path in files.items() if path is not None}
    beside = [path.with_name(name) for path in given.values() for name in OUR_FILES]
    found = {path.name: path.read_bytes() for path in beside if path.is_file()}
    return BaselineFiles(found | {name: _read(path) for name, path in given.items()})


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BaselineError(f"cannot read the baseline file {path}: {error.strerror}; check its path") from error


def _write(settings: Settings, files: Mapping[str, bytes]) -> None:
    settings.output_path.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        if not settings.compat or name in AWS_FILES:
            (settings.output_path / name).write_bytes(data)
