"""The committed definition as a pipeline of a local account: a better model is registered, another is not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from functions.baseline.handler import rebound
from functions.baseline.providing import provide
from functions.common import clients
from functions.common.baselines import BaselineStore
from functions.common.pipeline_result import read_result
from functions.promote.baselines import source_of
from functions.promote.service import Package, read_package
from localaws.account import LocalAccount
from monitoring_core.baseline_files import load_baseline

from .problems import NUMBERS, SIZES
from .toy import BUCKET, END, PIPELINE, SPECS, START, create_pipeline, upload

pytestmark = pytest.mark.xdist_group("local-pipeline")
SECTIONS = {
    "data-quality": ("ModelDataQuality", {"Statistics", "Constraints"}),
    "model-quality": ("ModelQuality", {"Statistics", "Constraints"}),
    "model-bias": ("Bias", {"ConfigFile", "PreTrainingConstraints", "PostTrainingConstraints"}),
    "model-explainability": ("Explainability", {"Constraints", "ConfigFile"}),
}


@pytest.fixture(scope="module")
def account() -> Iterator[LocalAccount]:
    with (
        LocalAccount(start=START + timedelta(days=3), enforce_policies=False) as running,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in running.environment().items():
            patch.setenv(name, value)
        clients.client.cache_clear()
        running.client("s3").create_bucket(Bucket=BUCKET)
        running.client("sagemaker").create_model_package_group(ModelPackageGroupName="toy")
        upload(running)
        create_pipeline(running)
        yield running
    clients.client.cache_clear()


class Execution:
    """One execution that has ended."""

    def __init__(self, account: LocalAccount, token: str, pipeline: str = PIPELINE, **parameters: str) -> None:
        self._account, sagemaker = account, account.client("sagemaker")
        given = [{"Name": name, "Value": value} for name, value in parameters.items()]
        self.arn = sagemaker.start_pipeline_execution(
            PipelineName=pipeline, PipelineParameters=given, ClientRequestToken=token * 32
        )["PipelineExecutionArn"]
        account.settle()
        self.told = sagemaker.describe_pipeline_execution(PipelineExecutionArn=self.arn)
        self.status = self.told["PipelineExecutionStatus"]
        steps = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=self.arn)["PipelineExecutionSteps"]
        self.steps = {step["StepName"]: step for step in steps}
        self.prefix = f"s3://{BUCKET}/retraining/{self.arn.rpartition('/')[2]}/"

    @property
    def evaluation(self) -> dict[str, Any]:
        """What Evaluate has written."""
        content: dict[str, Any] = json.loads(read(self._account, f"{self.prefix}evaluate/evaluation/evaluation.json"))
        return content

    @property
    def package(self) -> Package:
        """What was registered."""
        return read_package(self.steps["Register"]["Metadata"]["RegisterModel"]["Arn"])


def read(account: LocalAccount, uri: str) -> bytes:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    body: bytes = account.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return body


@pytest.fixture(scope="module")
def better(account: LocalAccount) -> Execution:
    evidence = f"s3://{BUCKET}/evidence.json"
    return Execution(account, "a", IncidentId="toy@1", EvidenceUri=evidence, WindowEnd=END)


def uris(sections: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    return {(section, name): file["S3Uri"] for section, files in sections.items() for name, file in files.items()}


def test_a_better_model_is_registered_with_its_reason(better: Execution) -> None:
    assert [step["FailureReason"] for step in better.steps.values() if "FailureReason" in step] == []
    assert better.status == "Succeeded"
    package = better.package
    assert package.approval == "PendingManualApproval"
    assert (package.incident_id, package.metadata["evidence-uri"]) == ("toy@1", f"s3://{BUCKET}/evidence.json")
    assert package.evaluation_uri == f"{better.prefix}evaluate/evaluation/evaluation.json"
    compared = better.evaluation
    assert (compared["champion"]["auc"], compared["challenger"]["auc"]) == (0.0, 1.0)
    assert compared["decision"]["better"] is True
    checks = {one["check"]: one["outcome"] for one in compared["checks"]["results"]}
    assert checks == {"bias": "passed", "attribution": "passed"}, compared["checks"]


def test_the_version_carries_the_baselines_of_the_data_it_was_trained_on(
    account: LocalAccount, better: Execution
) -> None:
    package = better.package
    assert {section: set(files) for section, files in package.drift_checks.items()} == dict(SECTIONS.values())
    for (section, name), uri in {**uris(package.drift_checks), **uris(package.metrics)}.items():
        assert json.loads(read(account, uri)), (section, name)
    statistics = json.loads(read(account, package.drift_checks["ModelDataQuality"]["Statistics"]["S3Uri"]))
    trained = read(account, package.dataset).decode().splitlines()
    assert trained[0] == "when,a,g,y,score"
    assert statistics["dataset"]["item_count"] == len(trained) - 1
    quality = json.loads(read(account, package.drift_checks["ModelQuality"]["Constraints"]["S3Uri"]))
    assert quality["binary_classification_constraints"]["auc"]["threshold"] == 1.0
    config = json.loads(read(account, package.drift_checks["Bias"]["ConfigFile"]["S3Uri"]))
    assert config["facet"] == [{"name_or_index": "g", "value_or_threshold": [1]}]


@pytest.mark.parametrize("monitor", SPECS)
def test_a_promotion_takes_over_these_baselines(account: LocalAccount, better: Execution, monitor: str) -> None:
    package, about = better.package, {"Endpoint": "toy", "Monitor": monitor, "Bucket": BUCKET}
    changes = {**about, "Model": package.arn, **source_of(SPECS[monitor].kind, package.dataset, package)}
    provide(rebound(changes), START, reason="promotion")
    current = BaselineStore(f"s3://{BUCKET}/baselines/toy/{monitor}/").current()
    listed = account.client("s3").list_objects_v2(
        Bucket=BUCKET, Prefix=f"{package.baselines}/{monitor}/"[len("s3://toy/") :]
    )
    made = {
        item["Key"].rpartition("/")[2]: read(account, f"s3://{BUCKET}/{item['Key']}") for item in listed["Contents"]
    }
    assert current.baseline_id == load_baseline(made).baseline_id
    assert current.info is not None
    assert current.info.model == package.arn


def test_a_monitor_that_has_changed_since_gets_a_baseline_of_the_same_data(better: Execution) -> None:
    package, about = better.package, {"Endpoint": "toy", "Monitor": "data-quality", "Bucket": BUCKET}
    changes = {**about, "Model": package.arn, **source_of("data-quality", package.dataset, package)}
    changed = SPECS["data-quality"].model_copy(update={"min_rows": 77})
    told = provide(rebound(changes).model_copy(update={"spec": changed}), START, reason="promotion")
    assert told is not None
    current = BaselineStore(f"s3://{BUCKET}/baselines/toy/data-quality/").current()
    assert current.info is not None
    assert (current.info.dataset, current.info.model) == (package.dataset, package.arn)


def test_an_equal_model_is_not_registered_and_the_reason_is_told(account: LocalAccount) -> None:
    equal = Execution(account, "b", ChampionModelUri=f"s3://{BUCKET}/good/model.tar.gz", WindowEnd=END)
    assert equal.status == "Succeeded"
    assert equal.steps.keys() == {"Prepare", "IsUsable", "Train", "Score", "Evaluate", "IsBetter"}
    assert equal.steps["IsBetter"]["Metadata"]["Condition"]["Outcome"] == "False"
    decision = equal.evaluation["decision"]
    assert (decision["better"], decision["reason"]) == (False, "AUC 1.000 vs 1.000 is not better beyond chance")


def test_an_unfairer_model_is_rejected_though_it_is_better(account: LocalAccount) -> None:
    unfair = Execution(account, "c", CodeUri=f"s3://{BUCKET}/unfair.tar.gz", WindowEnd=END)
    assert unfair.status == "Succeeded"
    assert "Register" not in unfair.steps
    evaluation = unfair.evaluation
    assert evaluation["improvement"]["lower"] > 0
    checks = {one["check"]: one["outcome"] for one in evaluation["checks"]["results"]}
    assert checks == {"bias": "violated", "attribution": "violated"}
    assert evaluation["checks"]["failed"] == 2
    result = read_result(unfair.arn, f"s3://{BUCKET}/retraining/")
    assert result.decision is not None
    assert not result.decision.better
    assert "is better beyond chance, but unfairer: DPPL of g = 1 is " in result.decision.reason


def test_too_few_labels_fail_the_execution_with_the_reason(account: LocalAccount) -> None:
    poor = Execution(account, "d", WindowEnd="2013-04-01T12:00:00Z")
    reason = (
        "nothing was trained: 60 rows from 2013-01-31T01:00:00Z to 2013-04-01T06:00:00Z have labels, 200 are needed"
    )
    assert poor.status == "Failed"
    assert poor.told["FailureReason"].startswith(reason)
    assert poor.steps.keys() == {"Prepare", "IsUsable", "Unusable"}
    result = read_result(poor.arn, f"s3://{BUCKET}/retraining/")
    assert (result.failed_step, result.failure.startswith(reason)) == ("Unusable", True)


def test_a_model_of_several_classes_is_compared_by_its_classes(account: LocalAccount) -> None:
    sizes = Execution(account, "e", SIZES.deploy(account), WindowEnd=END)
    assert sizes.status == "Succeeded", [step.get("FailureReason") for step in sizes.steps.values()]
    compared = sizes.evaluation
    assert compared["challenger"] == {"accuracy": 1.0, "weighted_f1": 1.0, "macro_f1": 1.0}
    assert compared["improvement"]["metric"] == "weighted_f1"
    champion = compared["champion"]["weighted_f1"]
    assert compared["decision"]["reason"] == f"weighted f1 1.000 vs {champion:.3f} is better beyond chance"
    assert {one["check"]: one["outcome"] for one in compared["checks"]["results"]} == {"bias": "passed"}
    package = sizes.package
    assert set(package.drift_checks) == {"ModelDataQuality", "ModelQuality", "Bias"}
    quality = json.loads(read(account, package.drift_checks["ModelQuality"]["Constraints"]["S3Uri"]))
    assert quality["multiclass_classification_constraints"]["weighted_f1"]["threshold"] == 1.0


def test_a_model_of_numbers_is_compared_by_its_errors_and_needs_no_checks(account: LocalAccount) -> None:
    numbers = Execution(account, "f", NUMBERS.deploy(account), WindowEnd=END)
    assert numbers.status == "Succeeded", [step.get("FailureReason") for step in numbers.steps.values()]
    compared = numbers.evaluation
    assert compared["challenger"]["rmse"] == pytest.approx(0.25, abs=0.01)
    assert compared["champion"]["rmse"] > 5
    assert compared["improvement"]["lower"] > compared["min_improvement"] == 1.0
    assert re.fullmatch(
        r"RMSE 0\.2\d+ vs 5\.\d+ is better by more than 1 beyond chance", compared["decision"]["reason"]
    )
    assert compared["checks"] == {"failed": 0, "results": []}, "limits of `-`: what is not checked rejects nobody"
    package = numbers.package
    assert set(package.drift_checks) == {"ModelDataQuality", "ModelQuality", "Explainability"}
    quality = json.loads(read(account, package.drift_checks["ModelQuality"]["Constraints"]["S3Uri"]))
    assert quality["regression_constraints"]["rmse"]["threshold"] == pytest.approx(0.25, abs=0.01)
