"""Fill the committed pipeline definition with the values of one deployment."""

from __future__ import annotations

import json
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any, Final

from monitoring_core.errors import ConfigError

DEFINITION = Path(__file__).with_name("pipeline.json")

SECTIONS: Final[Mapping[str, str]] = {
    "data-quality": "ModelDataQuality",
    "model-quality": "ModelQuality",
    "model-bias": "Bias",
    "model-explainability": "Explainability",
}
"""Kinds of monitors whose baselines are registered, and where in the registry."""
_BASELINE: Final = "Steps.Baseline."


def load_definition(defaults: Mapping[str, object], kinds: Container[str] = ()) -> dict[str, object]:
    """Return the pipeline definition with its parameters' defaults set.

    Parameters
    ----------
    defaults : mapping of str to str, int or float
        Default per parameter name; CDK tokens are welcome. Parameters that every start gives
        (``IncidentId`` and the like) keep the default of the committed definition.
    kinds : container of str
        Kinds of monitors that the endpoint has: only their baselines are made and registered.

    Returns
    -------
    dict
        The body for ``AWS::SageMaker::Pipeline`` (``PipelineDefinitionBody``, as JSON text).

    Raises
    ------
    ConfigError
        If `defaults` names an unknown parameter, or leaves one without any default.

    Examples
    --------
    >>> load_definition({"Colour": "red"})
    Traceback (most recent call last):
    ...
    monitoring_core.errors.ConfigError: the retraining pipeline has no parameter 'Colour'; it has: ...
    """
    definition: dict[str, Any] = json.loads(DEFINITION.read_text())
    by_name: dict[str, dict[str, object]] = {parameter["Name"]: parameter for parameter in definition["Parameters"]}
    for name, value in defaults.items():
        if name not in by_name:
            raise ConfigError(f"the retraining pipeline has no parameter {name!r}; it has: {', '.join(by_name)}")
        by_name[name]["DefaultValue"] = value
    missing = [name for name, parameter in by_name.items() if "DefaultValue" not in parameter]
    if missing:
        raise ConfigError(f"the retraining pipeline needs a value for {', '.join(missing)}; give it in `defaults`")
    _leave_out(definition, {section for kind, section in SECTIONS.items() if kind not in kinds})
    return definition


def _leave_out(definition: dict[str, Any], sections: set[str]) -> None:
    """Remove what would register baselines that nothing makes; where nothing makes any, the step `Baseline`, too."""
    branch = definition["Steps"][-1]["Arguments"]
    baseline, register = branch["IfSteps"]
    asked = register["Arguments"]
    metrics, checks = asked["ModelMetrics"], asked["DriftCheckBaselines"]
    for section in sections:
        metrics[section] = {name: file for name, file in metrics[section].items() if _BASELINE not in json.dumps(file)}
        del checks[section]
    asked["ModelMetrics"] = {section: files for section, files in metrics.items() if files}
    if sections == set(SECTIONS.values()):
        branch["IfSteps"].remove(baseline)
        del asked["DriftCheckBaselines"], asked["CustomerMetadataProperties"]["baseline-uri"]
