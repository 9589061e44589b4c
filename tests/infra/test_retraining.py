"""The retraining pipeline of a stack: what it is told, and what it may do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.config import parse_config
from infra.constructs.retraining import compared_by
from monitoring_core.errors import ConfigError

from .conftest import Template
from .test_field_effect import CHECKED, CREATED, PROMOTED, TRAINING, changed
from .test_loop import function, permissions
from .test_runtime_managed import synth
from .test_runtime_own import joined


def definition(template: Template) -> dict[str, Any]:
    (pipeline,) = [r["Properties"] for r in template["Resources"].values() if r["Type"] == "AWS::SageMaker::Pipeline"]
    body: dict[str, Any] = json.loads(joined(pipeline["PipelineDefinition"]["PipelineDefinitionBody"]))
    return body


def parameters(template: Template) -> dict[str, Any]:
    return {one["Name"]: one["DefaultValue"] for one in definition(template)["Parameters"]}


@pytest.fixture(scope="module")
def checked() -> Template:
    return synth(parse_config(CHECKED, "checked"))


@pytest.fixture(scope="module")
def promoted() -> Template:
    return synth(parse_config(PROMOTED, "promoted"))


def test_the_limits_of_the_checks_are_those_of_the_monitors(checked: Template) -> None:
    told = parameters(checked)
    assert told["Monitors"] == "model-bias,model-explainability"
    assert (told["MaxBiasIncrease"], told["MinNdcg"], told["Reweighing"]) == ("0.05", "0.9", "-")


def test_a_check_can_be_switched_off() -> None:
    off = changed(CHECKED, (*TRAINING, "checks"), {"bias": False, "min_ndcg": 0.8})
    told = parameters(synth(parse_config(off, "off")))
    assert (told["MaxBiasIncrease"], told["MinNdcg"]) == ("-", "0.8")


def test_a_model_file_beside_the_artifact_is_not_in_the_pipelines_reach() -> None:
    monitors = [{"kind": "model-explainability", "model_file": "s3://data/m.onnx"}]
    template = synth(parse_config(changed(CHECKED, ("monitors",), monitors), "beside"))
    assert (parameters(template)["Monitors"], parameters(template)["MinNdcg"]) == ("-", "-")
    register = definition(template)["Steps"][-1]["Arguments"]["IfSteps"]
    assert [step["Name"] for step in register] == ["Register"]


ROLES = {"prediction": "class", "probability": "score"}
BINARY, SEVERAL = "BinaryClassification", "MulticlassClassification"


@pytest.mark.parametrize(
    ("schema", "monitor", "told"),
    [
        ({"outputs": ["score"]}, {}, (BINARY, "auc", 0.5, {"Probability": "score"})),
        ({}, {"probability_threshold": 0.3}, (BINARY, "auc", 0.3, {"Prediction": "class", "Probability": "score"})),
        (
            {"probability": None},
            {"positive_label": "yes"},
            (BINARY, "f1", 0.5, {"Prediction": "class", "PositiveLabel": "yes"}),
        ),
        ({"problem": "multiclass-classification"}, {}, (SEVERAL, "weighted_f1", 0.5, {"Prediction": "class"})),
        ({"problem": "regression"}, {}, ("Regression", "rmse", 0.5, {"Prediction": "class"})),
    ],
)
def test_models_are_compared_as_the_monitor_of_model_quality_reads_them(
    schema: dict[str, Any], monitor: dict[str, Any], told: tuple[str, str, float, dict[str, str]]
) -> None:
    given = CREATED["schema"] | {"outputs": ["class", "score"]} | ({} if "outputs" in schema else ROLES) | schema
    document = changed(CREATED, ("schema",), given)
    if monitor:
        document = changed(document, ("monitors",), [{"kind": "model-quality", **monitor}])
    config = parse_config(document, "compared")
    assert config.retraining is not None
    assert config.retraining.training is not None
    problem, metric, threshold, roles = told
    expected = {"Problem": problem, "Metric": metric, "ProbabilityThreshold": threshold, **roles}
    assert compared_by(config, config.retraining.training) == expected


def test_reweighing_names_the_group() -> None:
    weighed = changed(CREATED, (*TRAINING, "reweighing"), {"column": "wind", "equals": ["a", "b"]})
    assert json.loads(parameters(synth(parse_config(weighed, "weighed")))["Reweighing"]) == {
        "column": "wind",
        "equals": ["a", "b"],
    }


def test_a_group_that_no_job_could_be_told_is_refused() -> None:
    values = [f"value-{number}" for number in range(40)]
    weighed = changed(CREATED, (*TRAINING, "reweighing"), {"column": "wind", "equals": values})
    with pytest.raises(ConfigError, match="characters, SageMaker at most 256: name fewer values"):
        parse_config(weighed, "weighed")


def test_the_pipeline_reads_what_is_known_of_the_monitors(checked: Template) -> None:
    read = [
        json.dumps(where)
        for action, where in permissions(checked, "RetrainingRoleDefaultPolicy")
        if action == "s3:GetObject"
    ]
    assert "baselines/ep/*" in "".join(read)


def test_a_retraining_asks_for_the_champion_and_for_nothing_else(promoted: Template) -> None:
    environment = function(promoted, "retrain")["Environment"]["Variables"]
    assert environment["CHAMPION_PARAMETER"] == "/watchkeeper/ep/champion"
    allowed = dict(permissions(promoted, "LoopRetrainRoleDefaultPolicy"))
    assert json.dumps(allowed["ssm:GetParameter"]).endswith(':parameter/watchkeeper/ep/champion"]]}')
    assert json.dumps(allowed["sagemaker:DescribeModelPackage"]).endswith(':model-package/ep/*"]]}')


def test_without_promotion_the_declared_model_is_the_champion(checked: Template) -> None:
    assert function(checked, "retrain")["Environment"]["Variables"]["CHAMPION_PARAMETER"] == ""
    assert "ssm:GetParameter" not in dict(permissions(checked, "LoopRetrainRoleDefaultPolicy"))
