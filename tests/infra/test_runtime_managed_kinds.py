"""All four kinds of Model Monitor, from one file."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from functions.analyzer.clarify.config import AnalysisConfig
from functions.analyzer.clarify.explain_config import predictor_config, shap_config
from functions.baseline.request import Properties
from functions.common.contract import RunSpec
from infra.config import EndpointConfig, parse_config
from monitoring_core.spec import DataQualitySpec

from .conftest import Template
from .test_runtime_managed import synth
from .test_runtime_own import definition, joined, policy

KINDS = ("DataQuality", "ModelQuality", "ModelBias", "ModelExplainability")
CLARIFY = "/sagemaker-clarify-processing:1.0"
ANALYZER = "/sagemaker-model-monitor-analyzer"
BASE: dict[str, Any] = {
    "endpoint": {
        "name": "ep",
        "create": {
            "variants": [
                {
                    "model": {
                        "image": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/m:1",
                        "artifact": "s3://bucket/model.tar.gz",
                    }
                }
            ]
        },
    },
    "schema": {
        "problem": "binary-classification",
        "outputs": ["label", "score"],
        "features": ["age", "sex"],
        "prediction": "label",
        "probability": "score",
        "label": "y",
    },
    "baseline": {"dataset": "s3://bucket/train.csv"},
    "ground_truth": {"lag": "30h"},
    "monitors": [
        {"kind": "data-quality", "runtime": "managed"},
        {"kind": "model-quality", "runtime": "managed", "positive_label": "1"},
        {"kind": "model-bias", "runtime": "managed", "schedule": "daily", "facets": [{"column": "sex", "equals": [1]}]},
        {
            "kind": "model-explainability",
            "runtime": "managed",
            "model_file": "s3://bucket/model.tar.gz",
            "baseline": [[40, 0]],
        },
    ],
    "runtime": {
        "processing": {"image": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/watchkeeper:1"},
        "managed": {
            "image": "ours",
            "record_preprocessor": "s3://bucket/code/preprocess.py",
            "post_analytics_processor": "s3://bucket/code/postprocess.py",
            "attributes": {"features": "features", "prediction": "label", "probability": "score"},
            "publish_metrics": True,
        },
    },
}


JOBS = {"captured": "s3://bucket/transforms/", "output": "s3://bucket/scored/"}
BATCH: dict[str, Any] = {
    **{name: section for name, section in BASE.items() if name != "endpoint"},
    "batch_transform": {"name": "ep", **JOBS},
    "runtime": {
        **BASE["runtime"],
        "managed": {
            **BASE["runtime"]["managed"],
            "batch_transform": {"format": "json-lines"},
            "shadow_endpoint": {"model": "m"},
        },
    },
}


@pytest.fixture(scope="module")
def batch() -> Template:
    """Transform jobs as input, our own image, scripts, JSON."""
    return synth(config(BATCH))


@pytest.fixture(scope="module")
def created() -> Template:
    """An endpoint that the stack creates."""
    return synth(config(BASE))


def config(document: dict[str, Any]) -> EndpointConfig:
    return parse_config(document, "monitoring.yaml")


def held(template: Template, kind: str) -> dict[str, Any]:
    """The job definition of a kind, with the names of its sections shortened."""
    (p,) = [
        r["Properties"] for r in template["Resources"].values() if r["Type"] == f"AWS::SageMaker::{kind}JobDefinition"
    ]
    return {name.removeprefix(kind): value for name, value in p.items()}


def documents(template: Template) -> dict[str, AnalysisConfig]:
    """What Clarify is to analyse, by kind of monitor, read as our own analyzer reads it."""
    found = {}
    for r in template["Resources"].values():
        if r["Type"] == "Custom::WatchkeeperAnalysisConfig":
            kind = joined(r["Properties"]["Prefix"]).split("/")[-2]
            found[kind] = AnalysisConfig.model_validate_json(joined(r["Properties"]["Document"]))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_a_schedule_with_its_own_definition(four_monitors: Template, of_type: Any, kind: str) -> None:
    schedules = [
        r["Properties"]["MonitoringScheduleConfig"]
        for _, r in of_type(four_monitors, "AWS::SageMaker::MonitoringSchedule")
    ]
    (schedule,) = [s for s in schedules if s["MonitoringType"] == kind]
    definition = held(four_monitors, kind)
    assert schedule["MonitoringJobDefinitionName"] == definition["JobDefinitionName"]
    expected = ANALYZER if kind in {"DataQuality", "ModelQuality"} else CLARIFY
    assert joined(definition["AppSpecification"]["ImageUri"].get("Fn::Join", ["", [""]])[1][-1]) == expected


@pytest.mark.parametrize("kind", ["ModelQuality", "ModelBias"])
def test_labelled_kinds_look_at_the_window_whose_labels_have_had_their_time(four_monitors: Template, kind: str) -> None:
    job_input = held(four_monitors, kind)["JobInput"]
    assert job_input["GroundTruthS3Input"] == {"S3Uri": "s3://credit-labels/credit-prod"}
    source = job_input["EndpointInput"]
    assert (source["StartTimeOffset"], source["EndTimeOffset"]) == ("-PT72H", "-PT48H")
    assert (source["ProbabilityAttribute"], source["ProbabilityThresholdAttribute"]) == ("0", 0.5)


def test_a_lag_between_two_windows_waits_for_the_next(batch: Template) -> None:
    """Hourly windows end 30 hours before a firing; daily ones at the last midnight that is 30 hours ago."""
    offsets = {
        kind: [held(batch, kind)["JobInput"]["BatchTransformInput"][f"{end}TimeOffset"] for end in ("Start", "End")]
        for kind in ("ModelQuality", "ModelBias")
    }
    assert offsets == {"ModelQuality": ["-PT31H", "-PT30H"], "ModelBias": ["-PT72H", "-PT48H"]}


@pytest.mark.parametrize("kind", ["ModelBias", "ModelExplainability"])
def test_clarify_gets_the_baseline_and_a_description(four_monitors: Template, of_type: Any, kind: str) -> None:
    definition = held(four_monitors, kind)
    uri = joined(definition["BaselineConfig"]["ConstraintsResource"]["S3Uri"])
    assert uri.endswith("/analysis.json")
    described = dict(of_type(four_monitors, "Custom::WatchkeeperAnalysisConfig"))
    named, attribute = definition["AppSpecification"]["ConfigUri"]["Fn::GetAtt"]
    assert named in described
    assert attribute == "Uri"


def test_the_description_says_what_the_specification_says(four_monitors: Template) -> None:
    bias, explain = (documents(four_monitors)[kind] for kind in ("model-bias", "model-explainability"))
    assert bias.headers == ("age", "income", "debt", "is_female", "years_employed", "defaulted")
    assert (bias.label, bias.label_values_or_threshold, bias.probability_threshold) == ("defaulted", (0,), 0.5)
    assert [(facet.name_or_index, facet.value_or_threshold) for facet in bias.facet] == [("is_female", (1,))]
    assert explain.headers == ("age", "income", "debt", "is_female", "years_employed")
    assert shap_config(explain).baseline == [[41, 38000, 5200, 0, 6]]
    assert shap_config(explain).num_samples == 200
    assert predictor_config(explain).model_name == "credit-model-7"


def test_a_model_of_the_stack_is_asked_by_its_name(created: Template, of_type: Any) -> None:
    ((model, _),) = of_type(created, "AWS::SageMaker::Model")
    predictor = predictor_config(documents(created)["model-explainability"])
    assert predictor.model_name == model
    assert predictor.label == "score"


def test_clarify_may_create_its_own_endpoints_alone(four_monitors: Template) -> None:
    role = policy(four_monitors, "ManagedJobRole")
    prefix = predictor_config(documents(four_monitors)["model-explainability"]).endpoint_name_prefix
    created = [joined(s["Resource"]) for s in role["sagemaker:CreateEndpoint"]]
    assert all(arn.endswith((f"endpoint/{prefix}*", f"endpoint-config/{prefix}*")) for arn in created)
    assert joined(role["sagemaker:DescribeModel"][0]["Resource"]).endswith("model/credit-model-7")


def test_only_explanations_have_a_network(four_monitors: Template) -> None:
    network = {kind: held(four_monitors, kind)["NetworkConfig"] for kind in KINDS}
    assert {kind: n["EnableNetworkIsolation"] for kind, n in network.items()} == {
        "DataQuality": True,
        "ModelQuality": True,
        "ModelBias": True,
        "ModelExplainability": False,
    }
    assert all(n["VpcConfig"]["Subnets"] == ["subnet-0a1b2c3d"] for n in network.values())


def test_everything_is_encrypted(four_monitors: Template) -> None:
    for kind in KINDS:
        definition = held(four_monitors, kind)
        assert definition["JobOutputConfig"]["KmsKeyId"]["Fn::GetAtt"][0].startswith("StorageKey")
        assert definition["JobResources"]["ClusterConfig"]["VolumeKmsKeyId"]["Fn::GetAtt"][0].startswith("StorageKey")


def test_the_alert_says_what_the_alarm_says(four_monitors: Template, of_type: Any) -> None:
    guards = {
        r["Properties"]["Schedule"]: r["Properties"]
        for _, r in of_type(four_monitors, "Custom::WatchkeeperScheduleGuard")
    }
    assert len(guards) == 4
    bias = guards["credit-prod-model-bias"]
    assert (bias["DatapointsToAlert"], bias["EvaluationPeriod"]) == ("2", "3")


def test_clarify_reads_a_baseline_as_clarify_writes_it(four_monitors: Template, of_type: Any) -> None:
    requests = [r["Properties"] for _, r in of_type(four_monitors, "Custom::WatchkeeperBaseline")]
    compat = {p["Monitor"]: Properties.parse({**p, "Bucket": "b"}).compat for p in requests}
    assert compat == {"data-quality": "", "model-quality": "", "model-bias": "aws", "model-explainability": "aws"}


def test_what_transform_jobs_captured_can_be_the_input(batch: Template) -> None:
    for kind in KINDS:
        source = held(batch, kind)["JobInput"]["BatchTransformInput"]
        assert source["DataCapturedDestinationS3Uri"] == "s3://bucket/transforms"
        assert source["DatasetFormat"] == {"Json": {"Line": True}}
        output = held(batch, kind)["JobOutputConfig"]["MonitoringOutputs"][0]["S3Output"]
        assert joined(output["S3Uri"]).endswith("/reports/ep")
    runs = definition(batch, "ManagedResults")["States"]["Specs"]["Parameters"]["runs"]
    assert {RunSpec.model_validate(run).source for run in runs.values()} == {"batch-transform"}
    read = {joined(arn).partition(":::")[2] for arn in policy(batch, "ManagedJobRole")["s3:GetObject"][0]["Resource"]}
    assert {"bucket/transforms/*", "bucket/scored/*"} <= read


def test_places_in_json_are_told(batch: Template) -> None:
    quality, bias, explain = (
        held(batch, kind)["JobInput"]["BatchTransformInput"]
        for kind in ("ModelQuality", "ModelBias", "ModelExplainability")
    )
    assert (quality["InferenceAttribute"], quality["ProbabilityAttribute"]) == ("label", "score")
    assert (bias["FeaturesAttribute"], bias["InferenceAttribute"]) == ("features", "label")
    assert (explain["FeaturesAttribute"], explain["InferenceAttribute"]) == ("features", "score")


def test_our_own_image_can_be_the_analyzer(batch: Template) -> None:
    for kind in KINDS:
        assert held(batch, kind)["AppSpecification"]["ImageUri"] == BASE["runtime"]["processing"]["image"]
    pulled = json.dumps(policy(batch, "ManagedJobRole")["ecr:BatchGetImage"])
    assert "repository/watchkeeper" in pulled
    assert "sagemaker-model-monitor-groundtruth-merger" in pulled


@pytest.mark.parametrize("kind", ["DataQuality", "ModelQuality"])
def test_scripts_run_before_and_after_the_analysis(batch: Template, kind: str) -> None:
    app = held(batch, kind)["AppSpecification"]
    assert app["RecordPreprocessorSourceUri"] == "s3://bucket/code/preprocess.py"
    assert app["PostAnalyticsProcessorSourceUri"] == "s3://bucket/code/postprocess.py"


def test_amazons_own_metrics_are_published_on_demand(batch: Template, four_monitors: Template) -> None:
    published = [held(t, "ModelQuality")["AppSpecification"]["Environment"] for t in (batch, four_monitors)]
    assert published[0] == {"publish_cloudwatch_metrics": "Enabled", "positive_label": "1"}
    assert published[1] == {"publish_cloudwatch_metrics": "Disabled"}


def test_a_new_model_behind_the_endpoint_is_another_definition(created: Template) -> None:
    """Its name is known when the stack is deployed: the definition's must not be the one before."""
    model = {"image": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/m:2", "artifact": "s3://bucket/model.tar.gz"}
    changed = BASE | {"endpoint": {"name": "ep", "create": {"variants": [{"model": model}]}}}
    names = [held(t, "ModelExplainability")["JobDefinitionName"] for t in (created, synth(config(changed)))]
    assert names[0] != names[1]


def test_every_schedule_is_guarded(four_monitors: Template, of_type: Callable[..., Any]) -> None:
    schedules = {name for name, _ in of_type(four_monitors, "AWS::SageMaker::MonitoringSchedule")}
    guarded = {name for _, r in of_type(four_monitors, "Custom::WatchkeeperScheduleGuard") for name in r["DependsOn"]}
    assert schedules <= guarded


def test_the_spec_is_the_same_as_everywhere(four_monitors: Template) -> None:
    runs = definition(four_monitors, "ManagedResults")["States"]["Specs"]["Parameters"]["runs"]
    spec = RunSpec.model_validate(runs["data-quality"]).spec
    assert isinstance(spec, DataQualitySpec)
    assert spec.distribution.comparison_threshold == 0.2
    assert json.dumps(runs["model-quality"]["lag_seconds"]) == "172800"
