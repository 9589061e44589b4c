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


def test_steps_in_order() -> None:
    *steps, condition = committed()["Steps"]
    assert [(s["Name"], s["Type"]) for s in steps] == [
        ("Prepare", "Processing"),
        ("Train", "Training"),
        ("Evaluate", "Processing"),
    ]
    arguments = condition["Arguments"]
    assert [s["Name"] for s in arguments["IfSteps"]] == ["Register"]
    assert arguments["ElseSteps"] == [], "a challenger that is not better is no failure"


def test_nothing_is_null_and_no_experiment_is_asked_for() -> None:
    assert "null" not in DEFINITION.read_text()
    assert committed().keys() == {"Version", "Metadata", "Parameters", "Steps"}


def test_the_registered_model_serves_in_script_mode() -> None:
    (register,) = committed()["Steps"][-1]["Arguments"]["IfSteps"]
    (container,) = register["Arguments"]["InferenceSpecification"]["Containers"]
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
