"""The methods ``pre_training_bias`` and ``post_training_bias``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from functions.analyzer.clarify.config import AnalysisConfig, MetricsConfig
from functions.analyzer.clarify.dataset import Dataset
from monitoring_core.checks.evaluation import Evaluation
from monitoring_core.errors import ConfigError
from monitoring_core.fold import analyse
from monitoring_core.measures.bias import METRICS, Stage
from monitoring_core.monitors.analysis import Analysis
from monitoring_core.monitors.model_bias.analysis import fold, make_files
from monitoring_core.spec.base import SchemaSpec
from monitoring_core.spec.model_bias import ColumnSelection, ModelBiasSpec

DEFAULT_THRESHOLD: Final = 0.5


def analyse_bias(
    config: AnalysisConfig, dataset: Dataset, baseline: Mapping[str, bytes] | None, *, compat: bool
) -> Analysis:
    """Compute the metrics, and hold them against a baseline if there is one.

    The flip test looks at all rows. A baseline is a mapping of file names to bytes with ``analysis.json``.

    Raises
    ------
    ConfigError
        If the configuration lacks what bias needs.
    """
    spec = bias_spec(config, dataset, compat=compat)
    if baseline is not None:
        return analyse(fold(spec, baseline, compat=compat), dataset.batches)
    files, rows = make_files(spec, dataset.batches, compat=compat)
    return Analysis(Evaluation(spec.name, rows), files)


def bias_spec(config: AnalysisConfig, dataset: Dataset, *, compat: bool) -> ModelBiasSpec:
    """Return what to analyse, in the words of our own specification."""
    if dataset.label is None:
        raise ConfigError("bias needs a label: name its column in label")
    if not config.label_values_or_threshold:
        raise ConfigError(
            f"Positive label values or thresholds are empty for Label column: give label_values_or_threshold for "
            f"{dataset.label!r}"
        )
    if not config.facet:
        raise ConfigError("bias needs a facet: name a column in facet")
    if config.methods.post_training_bias is not None and not dataset.has_predictions:
        raise ConfigError("post_training_bias needs predictions: a column that predicted_label or probability names")
    threshold = config.probability_threshold
    return ModelBiasSpec(
        columns=SchemaSpec(features=dataset.features),
        label=ColumnSelection(column=dataset.label, value_or_threshold=config.label_values_or_threshold),
        facets=tuple(
            ColumnSelection(
                column=dataset.column(facet.name_or_index), value_or_threshold=facet.value_or_threshold or ()
            )
            for facet in config.facet
        ),
        group_variable=None if config.group_variable is None else dataset.column(config.group_variable),
        predicted_label=None if dataset.probability is not None else dataset.predicted_label,
        probability=dataset.probability,
        probability_threshold=DEFAULT_THRESHOLD if threshold is None else threshold,
        metrics=_metrics(config, compat=compat),
        min_rows=1,
        flip_test_rows=None,
    )


def _metrics(config: AnalysisConfig, *, compat: bool) -> tuple[str, ...]:
    methods = config.methods
    asked = {Stage.PRE_TRAINING: methods.pre_training_bias, Stage.POST_TRAINING: methods.post_training_bias}
    if not methods.has_bias:
        asked = dict.fromkeys(Stage, MetricsConfig())
    return tuple(name for stage, metrics in asked.items() for name in _names(stage, metrics, compat=compat))


def _names(stage: Stage, asked: MetricsConfig | None, *, compat: bool) -> tuple[str, ...]:
    if asked is None:
        return ()
    known = tuple(metric.name for metric in METRICS if metric.stage is stage and not (compat and metric.ours))
    if asked.methods == "all":
        return known
    unknown = sorted(set(asked.methods) - set(known))
    if unknown:
        raise ConfigError(
            f'{stage}_bias has no metric {", ".join(unknown)}; metrics should be one of {", ".join(known)}, or "all"'
        )
    return asked.methods
