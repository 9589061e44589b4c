"""One Clarify job, from settings to files and the sentence that ends it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from functions.analyzer.analysis import exit_message, warn_of
from functions.analyzer.clarify.bias import analyse_bias
from functions.analyzer.clarify.config import AnalysisConfig, read_config
from functions.analyzer.clarify.dataset import Dataset, read_dataset
from functions.analyzer.clarify.explain import analyse_explanations, compare_explanations, given_explanations
from functions.analyzer.clarify.predictions import with_predictions
from functions.analyzer.clarify.settings import ClarifySettings
from functions.analyzer.metrics_file import write_metrics
from monitoring_core.dataset.quarantine import Quarantine
from monitoring_core.errors import BaselineError, ConfigError
from monitoring_core.monitors.analysis import Analysis
from monitoring_core.monitors.model_explainability.baseline import NAME as ATTRIBUTIONS
from monitoring_core.report.sagemaker.json_bytes import encode

ANALYSIS: Final = "analysis.json"
VIOLATIONS: Final = "constraint_violations.json"


def run(settings: ClarifySettings, now: datetime) -> str:
    """Analyse the data set, hold it against a baseline if there is one, write the files, return the exit message.

    Raises
    ------
    WatchkeeperError
        If the configuration, the data set or the baseline cannot be used.
    """
    config = read_config(settings.analysis_config_file)
    quarantine = Quarantine()
    baseline = _baseline(settings)
    current = given_explanations(settings)
    if current is not None:
        parts = [compare_explanations(config, current, baseline, compat=settings.compat)]
    else:
        dataset = read_dataset(settings, config, quarantine)
        warn_of(quarantine)
        parts = list(_parts(settings, config, dataset, baseline))
    files = _merged([part.files for part in parts], monitoring=baseline is not None)
    settings.output_path.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        path = settings.output_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    if settings.publish_cloudwatch_metrics == "Enabled":
        write_metrics(settings, [metric for part in parts for metric in part.metrics], now)
    return exit_message(sum(len(part.evaluation.violations) for part in parts))


def _parts(
    settings: ClarifySettings, config: AnalysisConfig, dataset: Dataset, baseline: Mapping[str, bytes] | None
) -> Iterator[Analysis]:
    methods = config.methods
    if methods.pdp is not None:
        raise ConfigError("methods.pdp is not supported; leave it out")
    if methods.has_bias or (methods.shap is None and config.facet):
        yield analyse_bias(config, with_predictions(settings, config, dataset), baseline, compat=settings.compat)
    if methods.shap is not None:
        yield analyse_explanations(settings, config, dataset, baseline)
    if not methods.has_bias and methods.shap is None and not config.facet:
        raise ConfigError("there is nothing to analyse: give methods, or a facet")


def _baseline(settings: ClarifySettings) -> dict[str, bytes] | None:
    path = settings.baseline_constraints
    if path is None:
        return None
    found = path / ANALYSIS if path.is_dir() else path
    own = found.with_name(ATTRIBUTIONS)
    try:
        return {ANALYSIS: found.read_bytes()} | ({ATTRIBUTIONS: own.read_bytes()} if own.is_file() else {})
    except OSError as error:
        raise BaselineError(f"cannot read the baseline file {found}: {error.strerror}; check its path") from error


def _merged(parts: Sequence[Mapping[str, bytes]], *, monitoring: bool) -> dict[str, bytes]:
    """Put what the methods wrote into one analysis and one list of violations."""
    files = {name: data for part in parts for name, data in part.items()}
    analysis: dict[str, Any] = {}
    violations: list[Any] = []
    for part in parts:
        analysis |= msgspec.json.decode(part[ANALYSIS])
        violations += msgspec.json.decode(part[VIOLATIONS])["violations"] if VIOLATIONS in part else []
    files[ANALYSIS] = encode(analysis)
    if monitoring:
        files[VIOLATIONS] = encode({"version": "1.0", "violations": violations})
    return files
