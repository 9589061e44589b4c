"""``analysis_config.json``: what Clarify is to analyse, written from the same specification as everything else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import singledispatch
from typing import Any, Final, get_args

from monitoring_core.errors import ConfigError
from monitoring_core.spec import ColumnSelection, ModelBiasSpec, ModelExplainabilitySpec, MonitorSpec
from monitoring_core.spec.model_bias import MetricName

PRE_TRAINING_METRICS: Final = ("CDDL", "CI", "DPL", "JS", "KL", "KS", "LP", "TVD")
OWN_METRICS: Final = ("average_odds_difference", "equal_opportunity_difference", "equalized_odds_difference")
"""What Clarify does not have."""
POST_TRAINING_METRICS: Final = tuple(
    name for name in get_args(MetricName) if name not in {*PRE_TRAINING_METRICS, *OWN_METRICS}
)
DEFAULT_SAMPLES: Final = 2048
"""Coalitions beside two for each feature, as Clarify's SDK counts them where nothing is said."""

_VERSION: Final = "1.0"
_REPORT: Final = {"name": "report", "title": "Analysis Report"}


@singledispatch
def analysis_config(spec: MonitorSpec, *, predictor: Mapping[str, Any] | None = None) -> dict[str, Any]:  # noqa: ARG001 - for the functions of each kind
    """Return the configuration of a kind that Clarify analyses.

    Parameters
    ----------
    spec : MonitorSpec
        `columns.features` are the features in the order of the request.
    predictor : mapping, optional
        Which model is asked, and how; explainability needs it.

    Raises
    ------
    ConfigError
        If Clarify has no such analysis, or lacks something for it.
    """
    raise ConfigError(f"Clarify does not analyse {spec.kind}; it analyses model-bias and model-explainability")


@analysis_config.register
def _(spec: ModelBiasSpec, *, predictor: Mapping[str, Any] | None = None) -> dict[str, Any]:  # noqa: ARG001 - predictions are in the data
    if not spec.columns.features:
        raise ConfigError("Clarify finds columns by their names: name them in `schema.features`")
    label = spec.label.column
    return {
        "version": _VERSION,
        "dataset_type": "text/csv",
        "headers": [*spec.columns.features, label],
        "label": label,
        "label_values_or_threshold": _values(spec.label),
        "facet": [_facet(facet) for facet in spec.facets],
        **({"group_variable": spec.group_variable} if spec.group_variable else {}),
        **({"probability_threshold": spec.probability_threshold} if spec.probability else {}),
        "methods": {
            "pre_training_bias": {"methods": _asked(spec.metrics, PRE_TRAINING_METRICS)},
            **(
                {"post_training_bias": {"methods": _asked(spec.metrics, POST_TRAINING_METRICS)}}
                if spec.has_predictions
                else {}
            ),
            "report": _REPORT,
        },
    }


@analysis_config.register
def _(spec: ModelExplainabilitySpec, *, predictor: Mapping[str, Any] | None = None) -> dict[str, Any]:
    if not spec.columns.features:
        raise ConfigError("Clarify finds columns by their names: name them in `schema.features`")
    if predictor is None:
        raise ConfigError("Clarify asks the model itself: name it")
    return {
        "version": _VERSION,
        "dataset_type": "text/csv",
        "headers": list(spec.columns.features),
        "methods": {
            "shap": {
                **({"baseline": [list(row) for row in spec.baseline]} if spec.baseline else {}),
                "num_samples": spec.num_samples or DEFAULT_SAMPLES + 2 * len(spec.columns.features),
                "agg_method": spec.agg_method,
                "use_logit": bool(spec.use_logit),
                "save_local_shap_values": False,
                "seed": spec.seed,
            },
            "report": _REPORT,
        },
        "predictor": {
            **predictor,
            **({"label_headers": list(spec.label_headers)} if spec.label_headers else {}),
        },
    }


def dump_analysis_config(config: Mapping[str, Any]) -> str:
    """Write the file; the same configuration is always the same text."""
    return json.dumps(config, sort_keys=True, separators=(",", ":"))


def _facet(selection: ColumnSelection) -> dict[str, Any]:
    chosen = {} if selection.is_every_value else {"value_or_threshold": _values(selection)}
    return {"name_or_index": selection.column, **chosen}


def _values(selection: ColumnSelection) -> list[Any]:
    if selection.greater_than is not None:
        return [selection.greater_than]
    return list(selection.equals or selection.value_or_threshold)


def _asked(metrics: Sequence[str], known: Sequence[str]) -> str | list[str]:
    return [name for name in metrics if name in known] if metrics else "all"
