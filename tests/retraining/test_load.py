"""The committed pipeline definition."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from typing import Any

import pytest

from infra.retraining.load import DEFINITION, load_definition
from monitoring_core.errors import ConfigError
from monitoring_core.model_monitor.registry import drift_check_baselines


def committed() -> dict[str, Any]:
    definition: dict[str, Any] = json.loads(DEFINITION.read_text())
    return definition


def needed() -> dict[str, object]:
    values: dict[str, object] = {"String": "x", "Integer": 1, "Float": 0.5}
    return {p["Name"]: values[p["Type"]] for p in committed()["Parameters"] if "DefaultValue" not in p}


def test_every_given_default_arrives_and_the_others_stay() -> None:
    parameters = {p["Name"]: p["DefaultValue"] for p in load_definition(needed())["Parameters"]}  # type: ignore[attr-defined]
    assert parameters["CodeUri"] == "x"
    assert parameters["HoldoutShare"] == 0.2
    assert parameters["IncidentId"] == "manual"


def test_an_unknown_parameter_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="no parameter 'Kolour'; it has: Region, RoleArn"):
        load_definition({**needed(), "Kolour": "red"})


def test_a_missing_value_is_refused_by_name() -> None:
    values = needed()
    del values["CodeUri"], values["Label"]
    with pytest.raises(ConfigError, match="needs a value for CodeUri, Label"):
        load_definition(values)


def test_every_declared_parameter_is_used_and_every_used_one_is_declared() -> None:
    text = DEFINITION.read_text()
    declared = {p["Name"] for p in committed()["Parameters"]}
    assert set(re.findall(r'"Parameters\.(\w+)"', text)) == declared


def test_the_definition_belongs_to_no_account_and_no_region() -> None:
    text = DEFINITION.read_text()
    assert not re.search(r"\d{12}|[a-z]{2}-[a-z]+-\d|arn:aws|s3://", text)


def names(steps: Any) -> list[str]:
    return [step["Name"] for step in steps]


def branches(definition: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the two conditions choose between."""
    _, usable, better = definition["Steps"]
    return usable["Arguments"], better["Arguments"]


def registered(*kinds: str) -> dict[str, Any]:
    """What the last step asks for."""
    (register,) = branches(load_definition(needed(), kinds))[1]["IfSteps"][-1:]
    asked: dict[str, Any] = register["Arguments"]
    return asked


def test_steps_in_order() -> None:
    assert names(committed()["Steps"]) == ["Prepare", "IsUsable", "IsBetter"]
    usable, better = branches(committed())
    assert names(usable["IfSteps"]) == ["Train", "Score", "Evaluate"]
    assert [(step["Name"], step["Type"]) for step in usable["ElseSteps"]] == [("Unusable", "Fail")]
    assert names(better["IfSteps"]) == ["Baseline", "Register"]
    assert better["ElseSteps"] == [], "a challenger that is not better is no failure"


def test_no_condition_stands_in_the_branch_of_another() -> None:
    inner = [step["Type"] for one in branches(committed()) for side in ("IfSteps", "ElseSteps") for step in one[side]]
    assert "Condition" not in inner, "SageMaker refuses it"


def test_no_step_is_cached() -> None:
    assert "CacheConfig" not in DEFINITION.read_text(), "an execution would train on the data of an earlier one"


def test_only_the_baselines_of_the_monitors_there_are_get_registered() -> None:
    asked = registered("data-quality", "model-bias")
    assert asked["DriftCheckBaselines"].keys() == {"ModelDataQuality", "Bias"}
    assert asked["ModelMetrics"].keys() == {"ModelQuality", "ModelDataQuality", "Bias"}
    assert asked["ModelMetrics"]["ModelQuality"].keys() == {"Statistics"}, "the comparison with the champion"


def test_the_registry_gets_every_file_of_a_baseline_that_it_has_a_place_for() -> None:
    files = {
        "data-quality": ("statistics.json", "constraints.json"),
        "model-quality": ("statistics.json", "constraints.json"),
        "model-bias": ("analysis.json", "analysis_config.json"),
        "model-explainability": ("analysis.json", "analysis_config.json"),
    }
    asked = registered(*files)["DriftCheckBaselines"]
    found = {
        section: {
            place: {**file, "S3Uri": "/".join(file["S3Uri"]["Std:Join"]["Values"][1:])}
            for place, file in places.items()
        }
        for section, places in asked.items()
    }
    assert found == drift_check_baselines({kind: {n: f"{kind}/{n}" for n in made} for kind, made in files.items()})


def test_without_such_monitors_no_baseline_is_made() -> None:
    _, better = branches(load_definition(needed()))
    assert names(better["IfSteps"]) == ["Register"]
    asked = registered()
    assert "DriftCheckBaselines" not in asked
    assert asked["ModelMetrics"].keys() == {"ModelQuality"}
    assert asked["CustomerMetadataProperties"].keys() == {"incident-id", "evidence-uri", "training-data-uri"}
    assert "Steps.Baseline" not in json.dumps(asked)


def test_nothing_is_null_and_no_experiment_is_asked_for() -> None:
    assert "null" not in DEFINITION.read_text()
    assert committed().keys() == {"Version", "Metadata", "Parameters", "Steps"}


def test_the_registered_model_serves_in_script_mode() -> None:
    (container,) = registered()["InferenceSpecification"]["Containers"]
    environment = container["Environment"]
    assert environment["SAGEMAKER_PROGRAM"] == "inference.py"
    assert environment["SAGEMAKER_SUBMIT_DIRECTORY"] == "/opt/ml/model/code"


@pytest.mark.skipif(
    importlib.util.find_spec("sagemaker") is None, reason="the extra `sagemaker` is not installed: make golden"
)
def test_the_sdk_renders_the_committed_definition() -> None:
    command = [sys.executable, "-m", "infra.retraining.definition", "--check"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own module
    assert result.returncode == 0, result.stderr
