"""One section of `monitors` from one schedule."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from monitoring_core.report.sagemaker.constraints import load_constraints
from watchkeeper.importing.definition import Definition
from watchkeeper.importing.document import Finding

_SHAP: Final = ("num_samples", "agg_method", "use_logit", "seed")


def section(definition: Definition) -> dict[str, Any]:
    """Return what is special to the kind of the monitor."""
    return _KINDS[definition.type](definition)


def _data_quality(definition: Definition) -> dict[str, Any]:
    """Limits beside the usual ones; the file itself keeps its own, for every feature."""
    uri = definition.files().get("constraints.json")
    body = None if uri is None else definition.exported.read(uri)
    if body is None:
        return {}
    config = load_constraints(body).monitoring_config
    limits = config.distribution_constraints
    shares = ("datatype_check_threshold", "domain_content_threshold")
    given = {name: getattr(config, name) for name in shares if getattr(config, name) not in (None, 1.0)}
    usual = {"comparison_method": "Robust", "comparison_threshold": 0.1, "categorical_drift_method": "LInfinity"}
    distribution = {
        name: value for name, usually in usual.items() if (value := getattr(limits, name, None)) not in (None, usually)
    }
    return given | ({"distribution": distribution} if distribution else {})


def _model_quality(definition: Definition) -> dict[str, Any]:
    threshold = definition.source("ProbabilityThresholdAttribute")
    return {} if threshold in (None, 0.5) else {"probability_threshold": float(threshold)}


def _model_bias(definition: Definition) -> dict[str, Any]:
    config = definition.config
    if config is None:
        return {}
    facets = [
        {"column": str(one["name_or_index"]), "value_or_threshold": list(one.get("value_or_threshold", ()))}
        for one in config.take("facet") or ()
    ]
    stages = [config.take("methods", stage, "methods") for stage in ("pre_training_bias", "post_training_bias")]
    chosen = [name for names in stages if isinstance(names, list) for name in names]
    thresholds = (definition.source("ProbabilityThresholdAttribute"), config.take("probability_threshold"))
    threshold = next((float(one) for one in thresholds if one is not None), 0.5)
    found = {
        "facets": [{name: value for name, value in facet.items() if value} for facet in facets],
        "positive_labels": list(config.take("label_values_or_threshold") or ()),
        "group_variable": config.take("group_variable"),
        "probability_threshold": None if threshold == 0.5 else threshold,  # noqa: PLR2004 - the default
        "metrics": chosen,
    }
    return {name: value for name, value in found.items() if value}


def _model_explainability(definition: Definition) -> dict[str, Any]:
    config = definition.config
    if config is None:
        return {}
    found = {name: config.take("methods", "shap", name) for name in _SHAP}
    if isinstance(config.data.get("methods", {}).get("shap", {}).get("baseline"), list):
        found["baseline"] = config.take("methods", "shap", "baseline")
    found["label_headers"] = config.take("predictor", "label_headers")
    model = definition.exported.models.get(str(config.take("predictor", "model_name")), {})
    found["model_file"] = model.get("PrimaryContainer", {}).get("ModelDataUrl")
    return {name: value for name, value in found.items() if value is not None}


_KINDS: Final[Mapping[str, Callable[[Definition], dict[str, Any]]]] = {
    "DataQuality": _data_quality,
    "ModelQuality": _model_quality,
    "ModelBias": _model_bias,
    "ModelExplainability": _model_explainability,
}


def kept_in_file(definition: Definition) -> Iterator[Finding]:
    """Yield what a constraints file says and the configuration cannot."""
    uri = definition.files().get("constraints.json")
    body = None if uri is None or definition.kind != "data-quality" else definition.exported.read(uri)
    if uri is None or body is None:
        return
    stays = "holds as long as this file is the baseline; a baseline that is made anew does not have it"
    constraints = load_constraints(body)
    if constraints.monitoring_config.evaluate_constraints == "Disabled":
        yield Finding(uri, "monitoring_config.evaluate_constraints", "Disabled", stays)
    limits = constraints.monitoring_config.distribution_constraints
    if limits is not None and limits.categorical_comparison_threshold is not None:
        setting = "monitoring_config.distribution_constraints.categorical_comparison_threshold"
        yield Finding(uri, setting, str(limits.categorical_comparison_threshold), stays)
    for feature in constraints.features:
        if feature.monitoring_config_overrides is not None:
            shown = msgspec.json.encode(feature.monitoring_config_overrides.model_dump(exclude_none=True)).decode()
            yield Finding(uri, f"features.{feature.name}.monitoring_config_overrides", shown, stays)
