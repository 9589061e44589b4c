"""Fill the committed pipeline definition with the values of one deployment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from monitoring_core.errors import ConfigError

DEFINITION = Path(__file__).with_name("pipeline.json")


def load_definition(defaults: Mapping[str, object]) -> dict[str, object]:
    """Return the pipeline definition with its parameters' defaults set.

    Parameters
    ----------
    defaults : mapping of str to str, int or float
        Default per parameter name; CDK tokens are welcome. Parameters that every start gives
        (``IncidentId`` and the like) keep the default of the committed definition.

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
    definition: dict[str, object] = json.loads(DEFINITION.read_text())
    parameters: list[dict[str, object]] = definition["Parameters"]  # type: ignore[assignment]
    by_name = {str(parameter["Name"]): parameter for parameter in parameters}
    for name, value in defaults.items():
        if name not in by_name:
            raise ConfigError(f"the retraining pipeline has no parameter {name!r}; it has: {', '.join(by_name)}")
        by_name[name]["DefaultValue"] = value
    missing = [name for name, parameter in by_name.items() if "DefaultValue" not in parameter]
    if missing:
        raise ConfigError(f"the retraining pipeline needs a value for {', '.join(missing)}; give it in `defaults`")
    return definition
