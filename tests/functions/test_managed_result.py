from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from botocore.stub import Stubber

from functions.common import clients
from functions.common.baselines import BaselineStore, Pointer
from functions.common.contract import Manifest, PublishInput, RunSpec
from functions.common.storage import read, sha256
from functions.managed_result.handler import handler
from functions.publish.handler import handler as publish
from monitoring_core.artifacts import RunResult, evaluate_window, make_baseline
from monitoring_core.checks.codec import load_evaluation
from monitoring_core.checks.evaluation import Evaluation
from monitoring_core.dataset import Source, read_dataset
from monitoring_core.diagnosis.findings import Kind
from monitoring_core.errors import ConfigError
from monitoring_core.model_monitor import AmazonReport, read_evaluation
from monitoring_core.spec import (
    ColumnSelection,
    CustomSpec,
    ModelBiasSpec,
    ModelExplainabilitySpec,
    ModelQualitySpec,
    MonitorSpec,
    ProblemType,
    SchemaSpec,
)

BUCKET = "watch-bucket"
CORPUS = Path(__file__).parents[3] / "shared" / "conformance"
ANALYZER = "156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer"
CLARIFY = "205585389593.dkr.ecr.us-east-1.amazonaws.com/sagemaker-clarify-processing:1.0"
OURS = "111122223333.dkr.ecr.us-east-1.amazonaws.com/watchkeeper:1"
NO_OBJECTS = 'No S3 objects found under S3 URL "s3://watch-bucket/capture" given in input data source.'
DUE = datetime(2013, 4, 2, tzinfo=UTC)
"""Executions are looked for by their age, so they must be recent."""


@dataclass
class Account:
    """What SageMaker answers about one schedule, in the order of the calls."""

    schedule: str
    stubber: Stubber

    def job_name(self, due: datetime = DUE) -> str:
        return f"model-monitoring-{due:%Y%m%d%H%M}-0123456789abcdef01234567"

    def arn(self, due: datetime = DUE) -> str:
        return f"arn:aws:sagemaker:us-east-1:111122223333:processing-job/{self.job_name(due)}"

    def answer_executions(self, *found: Mapping[str, Any]) -> None:
        summaries = [
            {
                "MonitoringScheduleName": self.schedule,
                "ScheduledTime": DUE,
                "CreationTime": DUE,
                "LastModifiedTime": DUE,
                "MonitoringExecutionStatus": "Completed",
                **one,
            }
            for one in found
        ]
        self.stubber.add_response("list_monitoring_executions", {"MonitoringExecutionSummaries": summaries})

    def answer_job(self, image: str = ANALYZER, **fields: Any) -> None:
        output = f"s3://{BUCKET}/reports/flights-prod/{self.schedule}/{DUE:%Y/%m/%d/%H}"
        destination = {"S3Uri": output, "LocalPath": "/opt/ml/processing/output", "S3UploadMode": "EndOfJob"}
        job = {
            "ProcessingJobName": self.job_name(),
            "ProcessingJobArn": self.arn(),
            "ProcessingJobStatus": "Completed",
            "ExitMessage": "Completed: Job completed successfully with no violations.",
            "CreationTime": DUE,
            "ProcessingResources": {
                "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 20}
            },
            "AppSpecification": {"ImageUri": image},
            "MonitoringScheduleArn": f"arn:aws:sagemaker:us-east-1:111122223333:monitoring-schedule/{self.schedule}",
            "ProcessingOutputConfig": {"Outputs": [{"OutputName": "result", "S3Output": destination}]},
            **fields,
        }
        self.stubber.add_response("describe_processing_job", job, {"ProcessingJobName": self.job_name()})


@pytest.fixture
def account(s3: Any, run_spec: RunSpec) -> Iterator[Account]:  # noqa: ARG001 - inside the mocked account
    with Stubber(clients.client("sagemaker")) as stubber:
        yield Account(run_spec.schedule, stubber)
        stubber.assert_no_pending_responses()


def table(n: int, *, factor: float = 1.0, shift: float = 0.0, missing: int = 0) -> bytes:
    lines = ["late,temp,origin"]
    for i in range(n):
        temp = "" if i < missing else f"{factor * (i * 7919 % 2000 / 50 + 0.01) + shift}"
        lines.append(f"{i % 2},{temp},{('EWR', 'JFK', 'LGA')[i % 3]}")
    return "\n".join(lines).encode()


def as_amazon(spec: MonitorSpec, good: bytes, current: bytes) -> tuple[Any, RunResult]:
    """Baseline and run, written exactly as Amazon's analyzers do."""
    batches = read_dataset(Source("good.csv", good))
    made = make_baseline(
        spec,
        batches,
        model="m",
        dataset="d",
        dataset_sha256="",
        created_at=datetime(2013, 3, 1, tzinfo=UTC),
        compat=True,
    )
    return made, evaluate_window(spec, read_dataset(Source("now.csv", current)), made, compat=True)


@pytest.fixture
def put_report(s3: Any, run_spec: RunSpec) -> Callable[..., RunResult]:
    """Put a baseline in force, and the files of Amazon's analyzer where its job writes them."""

    def put(current: bytes, **more: bytes) -> RunResult:
        baseline, result = as_amazon(run_spec.spec, table(2000), current)
        store = BaselineStore(run_spec.baselines)
        store.save(baseline)
        store.move(Pointer(baseline_id=baseline.baseline_id, model="m", moved_at=DUE))
        folder = f"reports/flights-prod/{run_spec.schedule}/{DUE:%Y/%m/%d/%H}/"
        files = {name: body for name, body in result.files.items() if name != "evaluation.json"}
        for name, body in {**files, **more}.items():
            s3.put_object(Bucket=BUCKET, Key=folder + name, Body=body)
        return result

    return put


def ask(run_spec: RunSpec, event: Mapping[str, Any], context: Any) -> list[PublishInput]:
    started = (DUE + timedelta(minutes=20)).isoformat()
    runs = {run_spec.monitor: run_spec.model_dump(mode="json")}
    asked = {"runs": runs, "event": dict(event), "started_at": started}
    answer = handler(json.loads(json.dumps(asked)), context)
    return [PublishInput.model_validate(one) for one in json.loads(json.dumps(answer))["passes"]]


def ended(name: str) -> dict[str, Any]:
    detail = {"ProcessingJobName": name, "ProcessingJobStatus": "Completed"}
    return {"detail-type": "SageMaker Processing Job State Change", "source": "aws.sagemaker", "detail": detail}


POLL = {"poll": True}


def said(evaluation: Evaluation) -> set[tuple[str, str, str, str]]:
    return {
        (check.constraint.check_type, check.constraint.metric, check.constraint.subject.column, check.reason)
        for check in evaluation.violations
    }


def test_a_finished_job_becomes_a_run_with_amazons_verdict(
    account: Account, run_spec: RunSpec, put_report: Callable[..., RunResult], context: Any
) -> None:
    result = put_report(table(900, shift=12.0, missing=90))
    account.answer_job(ExitMessage="CompletedWithViolations: Job completed successfully with 2 violations.")
    account.answer_executions({"ProcessingJobArn": account.arn(), "MonitoringExecutionStatus": "InProgress"})
    account.answer_job(ExitMessage="CompletedWithViolations: Job completed successfully with 2 violations.")
    (found,) = ask(run_spec, ended(account.job_name()), context)
    assert found.result is not None
    (outcome,) = found.result.runs
    assert outcome.status == "CompletedWithViolations"  # type: ignore[union-attr]
    manifest = Manifest.model_validate_json(read(outcome.manifest))  # type: ignore[union-attr]
    assert (manifest.engine, manifest.rows, manifest.violations) == ("managed", 900, 2)
    assert (manifest.window.start, manifest.window.end) == (DUE - timedelta(hours=1), DUE)
    prefix = f"s3://{BUCKET}/reports/flights-prod/{run_spec.schedule}/{DUE:%Y/%m/%d/%H}/"
    assert manifest.report == f"{prefix}report.html"
    assert {name: sha256(read(prefix + name)) for name in manifest.files} == manifest.files
    evaluation = load_evaluation(read(f"{prefix}evaluation.json"))
    assert said(evaluation) == said(result.evaluation)
    theirs = {check.constraint: check.measurement for check in result.evaluation.violations}
    for check in evaluation.violations:
        assert check.measurement is not None
        assert check.measurement.value == pytest.approx(theirs[check.constraint].value)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"factor": 1000}, Kind.PIPELINE_BUG),
        ({"missing": 900}, Kind.PIPELINE_BUG),
        ({"shift": 12}, Kind.POPULATION_SHIFT),
    ],
    ids=str,
)
def test_the_likely_cause_is_told_from_amazons_statistics(
    account: Account,
    run_spec: RunSpec,
    put_report: Callable[..., RunResult],
    context: Any,
    changed: dict[str, Any],
    kind: Kind,
) -> None:
    put_report(table(900, **changed))
    account.answer_executions({"ProcessingJobArn": account.arn()})
    account.answer_job(ExitMessage="CompletedWithViolations: Job completed successfully with 1 violations.")
    (found,) = ask(run_spec, POLL, context)
    assert found.result is not None
    manifest = Manifest.model_validate_json(read(found.result.runs[0].manifest))  # type: ignore[union-attr]
    assert manifest.diagnosis is not None
    assert manifest.diagnosis.kind is kind
    assert "temp" in manifest.diagnosis.sentence
    assert (manifest.fault is not None) == kind.is_fault


def test_a_run_is_published_as_any_other(
    account: Account, run_spec: RunSpec, put_report: Callable[..., RunResult], context: Any, capsys: Any
) -> None:
    put_report(table(900))
    account.answer_executions({"ProcessingJobArn": account.arn()})
    account.answer_job()
    (found,) = ask(run_spec, POLL, context)
    assert publish(json.loads(found.model_dump_json(by_alias=True)), context)["failed"] is False
    assert '"RunsCompleted":1' in capsys.readouterr().out.replace(" ", "").replace("1.0", "1")


def test_history_has_every_measurement(
    account: Account, run_spec: RunSpec, put_report: Callable[..., RunResult], context: Any, tmp_path: Path
) -> None:
    put_report(table(900, missing=90))
    account.answer_executions({"ProcessingJobArn": account.arn()})
    account.answer_job()
    (found,) = ask(run_spec, POLL, context)
    path = tmp_path / "history.parquet"
    path.write_bytes(read(run_spec.history_uri(found.runs[0].plan.window)))
    found_rows = duckdb.read_parquet(str(path)).filter("metric = 'completeness' and feature = 'temp'")
    assert found_rows.select("engine", "value", "outcome").fetchall() == [("managed", 0.9, "violated")]


def test_an_execution_is_read_once(
    account: Account, run_spec: RunSpec, put_report: Callable[..., RunResult], context: Any
) -> None:
    put_report(table(900))
    account.answer_executions({"ProcessingJobArn": account.arn()})
    account.answer_job()
    assert len(ask(run_spec, POLL, context)) == 1
    account.answer_executions({"ProcessingJobArn": account.arn()})
    assert ask(run_spec, POLL, context) == []


@pytest.mark.parametrize("status", ["Pending", "InProgress", "Stopping"])
def test_what_still_runs_is_left_alone(account: Account, run_spec: RunSpec, context: Any, status: str) -> None:
    account.answer_executions({"MonitoringExecutionStatus": status})
    assert ask(run_spec, POLL, context) == []


def test_the_end_of_a_merge_job_is_not_the_end_of_its_execution(
    account: Account, run_spec: RunSpec, context: Any
) -> None:
    account.answer_job(image=ANALYZER.replace("analyzer", "groundtruth-merger"))
    account.answer_executions({"ProcessingJobArn": account.arn(), "MonitoringExecutionStatus": "InProgress"})
    assert ask(run_spec, ended(account.job_name()), context) == []


def test_a_job_of_another_schedule_is_nothing_to_us(account: Account, run_spec: RunSpec, context: Any) -> None:
    account.answer_job(MonitoringScheduleArn="arn:aws:sagemaker:us-east-1:111122223333:monitoring-schedule/other")
    assert ask(run_spec, ended(account.job_name()), context) == []


@pytest.mark.parametrize(
    ("reason", "status"),
    [(NO_OBJECTS, "NoData"), ("AlgorithmError: out of memory", "Failed")],
)
def test_no_data_is_told_from_failure_by_the_reason(
    account: Account, run_spec: RunSpec, context: Any, reason: str, status: str
) -> None:
    account.answer_executions({"MonitoringExecutionStatus": "Failed", "FailureReason": reason})
    (found,) = ask(run_spec, POLL, context)
    assert found.result is not None
    (outcome,) = found.result.runs
    manifest = Manifest.model_validate_json(read(outcome.manifest))  # type: ignore[union-attr]
    assert (manifest.status, manifest.reason, manifest.rows) == (status, reason, None)
    published = publish(json.loads(found.model_dump_json(by_alias=True)), context)
    assert published["failed"] is (status == "Failed")


def test_a_verdict_without_its_files_is_an_error_of_the_run(
    account: Account, run_spec: RunSpec, put_report: Callable[..., RunResult], context: Any
) -> None:
    put_report(table(900))
    account.answer_executions({"ProcessingJobArn": account.arn()})
    account.answer_job(ExitMessage="CompletedWithViolations: Job completed successfully with 7 violations.")
    (found,) = ask(run_spec, POLL, context)
    assert found.result is not None
    assert "7 violations" in found.result.runs[0].error.cause  # type: ignore[union-attr]


def test_other_columns_are_a_violation_without_statistics(
    account: Account, run_spec: RunSpec, put_report: Callable[..., RunResult], context: Any
) -> None:
    put_report(b"\n".join(line + b",x" for line in table(50).splitlines()))
    account.answer_executions({"ProcessingJobArn": account.arn()})
    account.answer_job(ExitMessage="CompletedWithViolations: Job completed successfully with 1 violations.")
    (found,) = ask(run_spec, POLL, context)
    manifest = Manifest.model_validate_json(read(found.runs[0].plan.report_prefix + "manifest.json"))
    assert (manifest.rows, manifest.violations) == (None, 1)
    assert (manifest.worst[0].feature, manifest.worst[0].value, manifest.worst[0].limit) == ("Extra columns", 4.0, 3.0)


def test_our_own_image_on_a_schedule_says_the_verdict_itself(
    account: Account, run_spec: RunSpec, put_report: Callable[..., RunResult], context: Any, s3: Any
) -> None:
    result = put_report(table(900, shift=12.0))
    folder = f"reports/flights-prod/{run_spec.schedule}/{DUE:%Y/%m/%d/%H}/"
    s3.put_object(Bucket=BUCKET, Key=f"{folder}evaluation.json", Body=result.files["evaluation.json"])
    account.answer_executions({"ProcessingJobArn": account.arn()})
    account.answer_job(image=OURS)
    ask(run_spec, POLL, context)
    assert load_evaluation(read(f"s3://{BUCKET}/{folder}evaluation.json")) == result.evaluation


def test_clarifys_own_page_is_kept_beside_ours(
    account: Account, run_spec: RunSpec, put_report: Callable[..., RunResult], context: Any
) -> None:
    put_report(table(900), **{"report.html": b"Clarify's", "report.pdf": b"%PDF"})
    account.answer_executions({"ProcessingJobArn": account.arn()})
    account.answer_job(image=CLARIFY)
    (found,) = ask(run_spec, POLL, context)
    prefix = found.runs[0].plan.report_prefix
    assert (read(f"{prefix}clarify.html"), read(f"{prefix}report.pdf")) == (b"Clarify's", b"%PDF")
    assert b"flights-prod" in read(f"{prefix}report.html")


def test_a_window_that_waits_for_labels_is_the_one_that_was_due(
    account: Account, run_spec: RunSpec, put_report: Callable[..., RunResult], context: Any
) -> None:
    late = run_spec.model_copy(update={"lag_seconds": 5400})
    put_report(table(900))
    account.answer_executions({"ProcessingJobArn": account.arn()})
    account.answer_job()
    (found,) = ask(late, POLL, context)
    assert found.runs[0].plan.window.end == DUE - timedelta(hours=2)
    assert read(found.runs[0].plan.report_prefix + "statistics.json")


def test_a_job_that_analysed_another_window_is_noted(
    account: Account, run_spec: RunSpec, put_report: Callable[..., RunResult], context: Any
) -> None:
    put_report(table(900))
    account.answer_executions({"ProcessingJobArn": account.arn()})
    account.answer_job(Environment={"start_time": "2013-04-01T06:00:00Z", "end_time": "2013-04-02T05:00:00Z"})
    (found,) = ask(run_spec, POLL, context)
    manifest = Manifest.model_validate_json(read(found.runs[0].plan.report_prefix + "manifest.json"))
    assert "2013-04-01T06:00:00Z/2013-04-02T05:00:00Z" in manifest.note


QUALITY = ModelQualitySpec(
    problem_type=ProblemType.BINARY,
    inference_attribute="prediction",
    probability_attribute="probability",
    ground_truth_attribute="label",
)
BIAS = ModelBiasSpec(
    columns=SchemaSpec(features=("sex", "age")),
    label=ColumnSelection(column="label", equals=(1,)),
    facets=(ColumnSelection(column="sex", equals=(0,)), ColumnSelection(column="age", greater_than=30)),
    predicted_label="prediction",
)


def scored(n: int, wrong: int) -> bytes:
    lines = ["prediction,probability,label,sex,age"]
    for i in range(n):
        label = int(i % 5 < 2)
        shown = 1 - label if i % wrong == 0 else label
        lines.append(f"{shown},{0.2 + 0.6 * shown},{label},{i % 3 % 2},{i % 50}")
    return "\n".join(lines).encode()


@pytest.mark.parametrize("spec", [QUALITY, BIAS], ids=lambda spec: spec.kind)
def test_the_verdict_of_each_kind_is_read_from_its_files(spec: MonitorSpec) -> None:
    baseline, result = as_amazon(spec, scored(1000, wrong=11), scored(600, wrong=3))
    files = {name: body for name, body in result.files.items() if name != "evaluation.json"}
    evaluation = read_evaluation(spec, AmazonReport(files, baseline.files))
    assert evaluation.violations
    assert said(evaluation) == said(result.evaluation)
    ours = {(check.constraint.metric, check.constraint.subject): check for check in result.evaluation.checks}
    for check in evaluation.checks:
        assert check.outcome == ours[check.constraint.metric, check.constraint.subject].outcome


def test_kinds_that_amazon_does_not_have_are_refused() -> None:
    with pytest.raises(ConfigError, match="use `runtime: function`"):
        read_evaluation(CustomSpec(name="x", factory="a.b:c"), AmazonReport({}, {}))


def test_recorded_violations_of_bias_are_read_with_their_numbers() -> None:
    folder = CORPUS / "cases" / "bias"
    if not folder.is_dir():
        pytest.skip("the conformance corpus is not beside this repository (../shared/conformance)")
    baseline = (folder / "adult_baseline_analysis.json").read_bytes()
    violations = (folder / "adult_run_endpoint_jsonl_1806_expected_violations.json").read_bytes()
    spec = ModelBiasSpec(
        label=ColumnSelection(column="Target", equals=(1,)), facets=(ColumnSelection(column="Sex", equals=(0,)),)
    )
    files = {"analysis.json": baseline, "constraint_violations.json": violations}
    evaluation = read_evaluation(spec, AmazonReport(files, {"analysis.json": baseline}))
    values = {c.constraint.metric: c.measurement.value for c in evaluation.violations if c.measurement}
    assert len(values) == 9
    assert (values["DCA"], values["TE"]) == (-36.42045454545455, float("inf"))


def test_recorded_explanations_have_no_drift() -> None:
    folder = CORPUS / "cases" / "explainability"
    if not folder.is_dir():
        pytest.skip("the conformance corpus is not beside this repository (../shared/conformance)")
    files = {"analysis.json": (folder / "adult_endpoint_analysis.json").read_bytes()}
    baseline = {"analysis.json": (folder / "adult_batch_analysis.json").read_bytes()}
    (check,) = read_evaluation(ModelExplainabilitySpec(), AmazonReport(files, baseline)).checks
    assert check.measurement is not None
    assert (check.outcome, round(check.measurement.value, 4)) == ("passed", 1.0)
