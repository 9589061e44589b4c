"""One analysis, from settings to files and the sentence that ends the job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from functions.analyzer.data_format import find_files, read_batches
from functions.analyzer.metrics_file import write_metrics
from functions.analyzer.settings import Settings
from monitoring_core.artifacts import BaselineFiles, RunResult, evaluate_window, import_baseline, make_baseline
from monitoring_core.dataset.batch import Batch
from monitoring_core.dataset.quarantine import Quarantine
from monitoring_core.errors import BaselineError, NoDataError
from monitoring_core.monitors.data_quality.analysis import load_limits
from monitoring_core.spec import DataQualitySpec, DistributionConstraints

AWS_FILES: Final = frozenset({"statistics.json", "constraints.json", "constraint_violations.json"})


def analyse(settings: Settings, now: datetime) -> str:
    """Make a baseline, or hold the data against one; write the files; return the exit message.

    Raises
    ------
    WatchkeeperError
        If the data or the baseline cannot be read, or there is no data.
    """
    if settings.baseline_constraints is None:
        _write(settings, _make_baseline(settings, now).files)
        return exit_message(0)
    result = _evaluate(settings)
    _write(settings, result.files)
    if settings.publish_cloudwatch_metrics == "Enabled":
        write_metrics(settings, result, now)
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


def _make_baseline(settings: Settings, now: datetime) -> BaselineFiles:
    digest = sha256()
    for path in find_files(settings.dataset_source):
        digest.update(path.read_bytes())
    return make_baseline(
        _spec(settings),
        _batches(settings, [], Quarantine()),
        model=settings.endpoint or "",
        dataset=str(settings.dataset_source),
        dataset_sha256=digest.hexdigest(),
        created_at=now,
        compat=settings.compat is not None,
    )


def _evaluate(settings: Settings) -> RunResult:
    baseline = _baseline(settings)
    names = [feature.name for feature in load_limits(baseline.files).features]
    quarantine = Quarantine()
    result = evaluate_window(
        _spec(settings),
        _batches(settings, names, quarantine),
        baseline,
        quarantine=quarantine,
        compat=settings.compat is not None,
    )
    if not result.evaluation.n:
        raise NoDataError(
            f"{settings.dataset_source} has no record to analyse ({quarantine.count} unreadable, "
            f"{quarantine.out_of_window} outside the window)"
        )
    return result


def _spec(settings: Settings) -> DataQualitySpec:
    method = settings.categorical_drift_method
    return DataQualitySpec(distribution=DistributionConstraints(categorical_drift_method=method))


def _batches(settings: Settings, names: list[str], quarantine: Quarantine) -> Iterator[Batch]:
    files = find_files(settings.dataset_source)
    return read_batches(settings.dataset_format, files, names=names, window=settings.window, quarantine=quarantine)


def _baseline(settings: Settings) -> BaselineFiles:
    statistics = settings.baseline_statistics
    exact = statistics.with_name("histograms.json") if statistics is not None else None
    return import_baseline(
        _read(settings.baseline_constraints),
        _read(statistics) if statistics is not None else None,
        exact.read_bytes() if exact is not None and exact.is_file() else None,
    )


def _read(path: Path | None) -> bytes:
    try:
        return path.read_bytes() if path is not None else b""
    except OSError as error:
        raise BaselineError(f"cannot read the baseline file {path}: {error.strerror}; check its path") from error


def _write(settings: Settings, files: Mapping[str, bytes]) -> None:
    settings.output_path.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        if settings.compat is None or name in AWS_FILES:
            (settings.output_path / name).write_bytes(data)
