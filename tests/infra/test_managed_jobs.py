"""One-off jobs with Amazon's images, the images' places, and what Clarify is told; none of it needs the CDK."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import validate_parameters

from functions.analyzer.clarify.config import AnalysisConfig
from functions.analyzer.clarify.explain_config import predictor_config, shap_config
from infra.config.managed_runtime import ManagedRuntime
from infra.config.network import Network
from infra.managed.jobs import JobPlace, processing_job
from infra.managed.registries import ANALYZER, CLARIFY, CLARIFY_ACCOUNTS, MODEL_MONITOR_ACCOUNTS, image_uri
from monitoring_core.errors import ConfigError
from monitoring_core.measures.bias import METRICS, Stage
from monitoring_core.spec import (
    ColumnSelection,
    DataQualitySpec,
    ModelBiasSpec,
    ModelExplainabilitySpec,
    ModelQualitySpec,
    MonitorSpec,
    ProblemType,
    SchemaSpec,
    TextSpec,
)
from monitoring_core.spec.analysis_config import POST_TRAINING_METRICS, PRE_TRAINING_METRICS, analysis_config

REFERENCE = Path(__file__).parents[3] / "shared/conformance/reference/image_uri_config"
FEATURES = SchemaSpec(features=("age", "sex"))
BIAS = ModelBiasSpec(
    columns=FEATURES,
    label=ColumnSelection(column="y", equals=(1,)),
    facets=(ColumnSelection(column="sex", equals=("f",)), ColumnSelection(column="age")),
    predicted_label="p",
    group_variable="age",
    metrics=("DPL", "DI"),
)
EXPLAIN = ModelExplainabilitySpec(columns=FEATURES, baseline=((40, "f"),), label_headers=("risk",))
QUALITY = ModelQualitySpec(
    problem_type=ProblemType.BINARY, probability_attribute="p", ground_truth_attribute="y", positive_label="1"
)
PLACE = JobPlace("job-1", "eu-west-1", "arn:aws:iam::111122223333:role/jobs", kms_key="alias/jobs")
CONFIG_URI = "s3://bucket/config/analysis_config.json"


def job(spec: MonitorSpec, **changes: Any) -> dict[str, Any]:
    given = {"dataset": "s3://bucket/train.csv", "output": "s3://bucket/out/", "place": PLACE, "config_uri": CONFIG_URI}
    return processing_job(spec, **{**given, **changes})


@pytest.mark.parametrize("spec", [DataQualitySpec(), QUALITY, BIAS, EXPLAIN], ids=lambda spec: spec.kind)
def test_a_job_is_a_request_that_sagemaker_takes(spec: MonitorSpec) -> None:
    shape = botocore.session.get_session().get_service_model("sagemaker").operation_model("CreateProcessingJob")
    validate_parameters(job(spec), shape.input_shape)


def test_model_quality_is_told_where_things_are() -> None:
    told = job(QUALITY)["Environment"]
    assert told["analysis_type"] == "MODEL_QUALITY"
    assert (told["problem_type"], told["probability_attribute"], told["ground_truth_attribute"]) == (
        "BinaryClassification",
        "p",
        "y",
    )
    assert (told["probability_threshold_attribute"], told["positive_label"]) == ("0.5", "1")
    assert "inference_attribute" not in told


def test_the_format_follows_from_the_data_sets_name() -> None:
    assert json.loads(job(DataQualitySpec(), dataset="s3://b/d.jsonl")["Environment"]["dataset_format"]) == {
        "json": {"lines": True}
    }
    with pytest.raises(ConfigError, match=r"reads \.csv"):
        job(DataQualitySpec(), dataset="s3://b/d.parquet")


def test_only_what_asks_the_model_has_a_network() -> None:
    assert [job(spec)["NetworkConfig"]["EnableNetworkIsolation"] for spec in (BIAS, EXPLAIN)] == [True, False]
    machine = ManagedRuntime(network=Network(subnets=("subnet-1",), security_groups=("sg-1",)))
    place = JobPlace("job-1", "eu-west-1", PLACE.role_arn, machine=machine)
    assert job(BIAS, place=place)["NetworkConfig"]["VpcConfig"] == {
        "SecurityGroupIds": ["sg-1"],
        "Subnets": ["subnet-1"],
    }


def test_a_machine_with_its_own_disks_takes_no_key() -> None:
    place = JobPlace("job-1", "eu-west-1", PLACE.role_arn, ManagedRuntime(instance_type="ml.m5d.large"), "alias/jobs")
    assert "VolumeKmsKeyId" not in job(BIAS, place=place)["ProcessingResources"]["ClusterConfig"]
    assert job(BIAS)["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"] == "alias/jobs"


def test_a_kind_that_amazon_does_not_have_is_refused() -> None:
    with pytest.raises(ConfigError, match="no analyzer for text"):
        job(TextSpec(texts=("t",)))
    with pytest.raises(ConfigError, match="give `config_uri`"):
        job(BIAS, config_uri=None)


def test_the_analyzer_reads_what_clarify_is_told() -> None:
    bias = AnalysisConfig.model_validate(analysis_config(BIAS))
    assert bias.headers == ("age", "sex", "y")
    assert [(facet.name_or_index, facet.value_or_threshold) for facet in bias.facet] == [("sex", ("f",)), ("age", None)]
    assert bias.group_variable == "age"
    stages = bias.methods.pre_training_bias, bias.methods.post_training_bias
    assert [stage.methods for stage in stages if stage] == [("DPL",), ("DI",)]
    explain = AnalysisConfig.model_validate(analysis_config(EXPLAIN, predictor={"model_name": "m"}))
    assert shap_config(explain).baseline == [[40, "f"]]
    assert shap_config(explain).num_samples == 2048 + 2 * 2
    assert predictor_config(explain).label_headers == ("risk",)


def test_a_threshold_is_told_as_one() -> None:
    facet = ColumnSelection(column="age", greater_than=60)
    spec = BIAS.model_copy(update={"facets": (facet,), "metrics": ()})
    told = analysis_config(spec)
    assert told["facet"] == [{"name_or_index": "age", "value_or_threshold": [60.0]}]
    assert told["methods"]["pre_training_bias"] == {"methods": "all"}


def test_explanations_need_a_model_and_names() -> None:
    with pytest.raises(ConfigError, match="asks the model"):
        analysis_config(EXPLAIN)
    with pytest.raises(ConfigError, match=r"schema\.features"):
        analysis_config(BIAS.model_copy(update={"columns": SchemaSpec()}))
    with pytest.raises(ConfigError, match="does not analyse data-quality"):
        analysis_config(DataQualitySpec())


@pytest.mark.parametrize(
    ("stage", "names"), [(Stage.PRE_TRAINING, PRE_TRAINING_METRICS), (Stage.POST_TRAINING, POST_TRAINING_METRICS)]
)
def test_the_stages_have_clarifys_metrics(stage: Stage, names: tuple[str, ...]) -> None:
    assert {metric.name for metric in METRICS if metric.stage is stage and not metric.ours} == set(names)


@pytest.mark.parametrize(
    ("publication", "name"), [(ANALYZER, "model-monitor.json"), (CLARIFY, "clarify.json")], ids=["analyzer", "clarify"]
)
def test_the_images_are_where_amazon_says(publication: Any, name: str) -> None:
    if not (REFERENCE / name).is_file():
        pytest.skip("Amazon's table of images is not here")
    document = json.loads((REFERENCE / name).read_text())
    (version,) = document.get("processing", document)["versions"].values()
    published = {region: account for region, account in publication.accounts.items() if region != "us-gov-west-1"}
    recorded = {region: account for region, account in version["registries"].items() if region != "us-gov-west-1"}
    assert published == recorded
    assert version["repository"] == publication.repository


def test_accounts_are_well_formed_and_cover_all_partitions() -> None:
    for accounts in (MODEL_MONITOR_ACCOUNTS, CLARIFY_ACCOUNTS):
        assert all(len(account) == 12 and account.isdigit() for account in accounts.values())
        assert {"us-east-1", "cn-north-1", "us-gov-west-1"} <= accounts.keys()


def test_images_of_other_partitions_have_their_own_registries() -> None:
    assert image_uri(CLARIFY, "cn-north-1").startswith("122526803553.dkr.ecr.cn-north-1.amazonaws.com.cn/")
    assert image_uri(ANALYZER, "us-gov-west-1").startswith("362178532790.dkr.ecr.us-gov-west-1.amazonaws.com/")
    with pytest.raises(ConfigError, match="no sagemaker-clarify-processing in me-central-1"):
        image_uri(CLARIFY, "me-central-1")


def test_jobs_need_no_cdk() -> None:
    code = "import sys, infra.managed.jobs, monitoring_core.spec.analysis_config; print('aws_cdk' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - fixed
    assert done.stdout.strip() == "False"
