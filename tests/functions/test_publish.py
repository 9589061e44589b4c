from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from functions.common.contract import CaptureSource, Manifest, Plan, RunSpec
from functions.common.metric_file import dump_metrics
from functions.common.storage import read
from functions.plan.handler import handler as plan
from functions.publish.handler import handler
from monitoring_core.errors import ConfigError
from monitoring_core.monitors.analysis import ParityMetric, StatisticSet

END = datetime(2013, 4, 1, 13, tzinfo=UTC)
Build = Callable[..., Any]
pytestmark = pytest.mark.usefixtures("s3")


@pytest.fixture(autouse=True)
def bus(aws: None) -> Callable[[], list[dict[str, Any]]]:  # noqa: ARG001 - pytest's way to ask for a fixture
    """What arrives at a queue behind a rule for the product's events."""
    sqs, events = boto3.client("sqs"), boto3.client("events")
    url = sqs.create_queue(QueueName="consumer")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["watchkeeper"], "detail-type": ["Monitor Run Completed"]}
    events.put_rule(Name="all", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="all", Targets=[{"Id": "1", "Arn": arn}])

    def received() -> list[dict[str, Any]]:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in answer.get("Messages", ())]

    return received


def planned(run: RunSpec, engine: str = "function") -> dict[str, Any]:
    window = run.grid.ending_by(END)
    plan = Plan.model_validate(
        {
            "run_id": run.run_id(window),
            "window": window,
            "engine": engine,
            "engine_reason": "because",
            "objects": 0,
            "bytes": 0,
            "report_prefix": run.report_prefix(window),
        }
    )
    runs = [{"run": run.model_dump(mode="json"), "plan": plan.model_dump(mode="json")}]
    return {"id": "pass", "engine": engine, "engine_reason": "because", "runs": runs}


def result(uri: str) -> dict[str, Any]:
    """What Evaluate hands over for the run whose manifest lies at `uri`."""
    return {"runs": [{"monitor": "data-quality", "manifest": uri, "status": "CompletedWithViolations"}]}


def metrics(text: str, time: datetime = datetime(2013, 4, 1, 12, 59, tzinfo=UTC)) -> dict[str, float]:
    """Values of the run metrics among the printed lines, checked against their own directive."""
    [line] = [json.loads(line) for line in text.splitlines() if '"_aws"' in line]
    [directive] = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Watchkeeper"
    assert line["_aws"]["Timestamp"] == time.timestamp() * 1000
    assert (line["Endpoint"], line["MonitoringSchedule"]) == ("flights-prod", "flights-prod-data-quality")
    return {metric["Name"]: line[metric["Name"]] for metric in directive["Metrics"]}


def test_a_verdict_becomes_one_event_and_the_run_metrics(
    put_manifest: Build, run_spec: RunSpec, context: Any, bus: Build, capsys: pytest.CaptureFixture[str]
) -> None:
    uri = put_manifest(END, baseline_created_at=datetime(2013, 3, 22, 13, tzinfo=UTC))
    assert handler({**planned(run_spec), "result": result(uri), "error": None}, context)["failed"] is False
    assert metrics(capsys.readouterr().out) == {
        "RunsCompleted": 1,
        "RunsFailed": 0,
        "RunsWithoutData": 0,
        "Violations": 2,
        "DriftExcess": 1.4,
        "Rows": 913,
        "QuarantinedRecords": 0,
        "BaselineAgeDays": 10,
    }
    [event] = bus()
    assert event["detail"] == {
        "version": "1",
        "endpoint": "flights-prod",
        "monitor": "data-quality",
        "schedule": "flights-prod-data-quality",
        "run_id": "flights-prod/data-quality/20130401T120000Z_20130401T130000Z",
        "window": {"start": "2013-04-01T12:00:00Z", "end": "2013-04-01T13:00:00Z"},
        "revision": 1,
        "status": "CompletedWithViolations",
        "violations": 2,
        "rows": 913,
        "drift_excess": 1.4,
        "worst": [
            {
                "feature": "temp",
                "check": "baseline_drift_check",
                "value": 0.91,
                "limit": 0.65,
                "description": "Baseline drift ...",
                "metric": "",
                "segment": "",
            }
        ],
        "report": uri.replace("manifest.json", "report.html"),
        "manifest": uri,
        "reason": "",
    }


def test_a_redelivered_run_publishes_the_same_event(
    put_manifest: Build, run_spec: RunSpec, context: Any, bus: Build
) -> None:
    uri = put_manifest(END)
    for _ in range(2):
        handler({**planned(run_spec), "result": result(uri)}, context)
    first, second = bus()
    assert first["detail"] == second["detail"]


def test_a_run_published_twice_prints_the_same_metrics(
    put_manifest: Build, run_spec: RunSpec, context: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    uri = put_manifest(END)
    printed = []
    for _ in range(2):
        handler({**planned(run_spec), "result": result(uri)}, context)
        printed.append([line for line in capsys.readouterr().out.splitlines() if '"_aws"' in line])
    assert printed[0] == printed[1] != []


def test_a_window_too_old_for_cloudwatch_has_no_metrics_and_the_run_says_so(
    run_spec: RunSpec,
    context: Any,
    bus: Build,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A backfill: EventBridge hears of it, but CloudWatch would drop the datapoints without a word."""
    event = {
        "runs": {"data-quality": run_spec.model_dump(mode="json")},
        "request": {"monitors": ["data-quality"], "window": "2013-04-01T12:00:00Z/2013-04-01T13:00:00Z"},
        "started_at": "2013-04-15T13:00:00.000Z",
    }
    [item] = plan(event, context)["passes"]
    assert handler(item, context)["failed"] is False
    assert '"_aws"' not in capsys.readouterr().out
    [warning] = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert warning.startswith("the run has no metrics: it started more than 14 days after it was due")
    [published] = bus()
    assert Manifest.model_validate_json(read(published["detail"]["manifest"])).note == warning
    assert handler({**event, "error": {"Error": "States.Timeout", "Cause": ""}}, context)["failed"] is True
    assert '"_aws"' not in capsys.readouterr().out  # also where Plan itself failed


def test_a_backfill_within_two_weeks_has_metrics(
    run_spec: RunSpec, context: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    event = {
        "runs": {"data-quality": run_spec.model_dump(mode="json")},
        "request": {"monitors": ["data-quality"], "window": "2013-04-01T12:00:00Z/2013-04-01T13:00:00Z"},
        "started_at": "2013-04-15T12:59:00.000Z",
    }
    [item] = plan(event, context)["passes"]
    handler(item, context)
    assert metrics(capsys.readouterr().out)["RunsWithoutData"] == 1


def test_an_empty_hour_is_no_data_and_not_healthy(
    run_spec: RunSpec, context: Any, bus: Build, capsys: pytest.CaptureFixture[str]
) -> None:
    assert handler(planned(run_spec, engine="none"), context)["failed"] is False
    values = metrics(capsys.readouterr().out)
    assert values == {"RunsCompleted": 0, "RunsFailed": 0, "RunsWithoutData": 1, "Rows": 0}
    [event] = bus()
    assert (event["detail"]["status"], event["detail"]["violations"]) == ("NoData", None)
    assert Manifest.model_validate_json(read(event["detail"]["manifest"])).reason == "because"


def test_a_failed_run_is_published_with_its_reason(
    run_spec: RunSpec, context: Any, bus: Build, capsys: pytest.CaptureFixture[str]
) -> None:
    error = {"Error": "BaselineError", "Cause": json.dumps({"errorMessage": "no baseline", "stackTrace": ["secret"]})}
    assert handler({**planned(run_spec), "error": error}, context)["failed"] is True
    assert metrics(capsys.readouterr().out) == {"RunsCompleted": 0, "RunsFailed": 1, "RunsWithoutData": 0}
    [event] = bus()
    assert event["detail"]["reason"] == "BaselineError: no baseline"
    assert Manifest.model_validate_json(read(event["detail"]["manifest"])).status == "Failed"


def test_a_failure_never_replaces_an_earlier_verdict(
    put_manifest: Build, run_spec: RunSpec, context: Any, bus: Build
) -> None:
    uri = put_manifest(END)
    handler({**planned(run_spec), "error": {"Error": "States.Timeout", "Cause": ""}}, context)
    [event] = bus()
    assert (event["detail"]["status"], event["detail"]["manifest"]) == ("Failed", None)
    assert Manifest.model_validate_json(read(uri)).status == "CompletedWithViolations"


def test_a_run_that_plan_could_not_plan_is_published_even_where_nothing_can_be_written(
    run_spec: RunSpec, context: Any, bus: Build, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = run_spec.model_copy(update={"bucket": "no-such-bucket"})
    event = {
        "runs": {"data-quality": lost.model_dump(mode="json")},
        "request": {"monitors": ["data-quality"], "scheduled_time": "2013-04-01T13:10:00Z"},
        "error": {"Error": "BucketNotFoundError", "Cause": json.dumps({"errorMessage": "s3://no-such-bucket/: ..."})},
    }
    assert handler(event, context)["failed"] is True
    assert metrics(capsys.readouterr().out)["RunsFailed"] == 1
    [published] = bus()
    assert published["detail"]["manifest"] is None
    assert published["detail"]["run_id"] == "flights-prod/data-quality/20130401T120000Z_20130401T130000Z"


def test_a_request_for_an_unknown_monitor_says_so(run_spec: RunSpec, context: Any) -> None:
    event = {
        "runs": {"data-quality": run_spec.model_dump(mode="json")},
        "request": {"monitors": ["drift"], "scheduled_time": "2013-04-01T13:10:00Z"},
        "error": {"Error": "ConfigError", "Cause": ""},
    }
    with pytest.raises(ConfigError, match="monitor 'drift' not found"):
        handler(event, context)


def test_metrics_that_evaluate_left_are_published_under_amazons_names(
    put_manifest: Build, run_spec: RunSpec, context: Any, s3: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    uri = put_manifest(END, files={"metrics.json": "0" * 64})
    metrics = [
        ParityMetric("feature_data_temp", StatisticSet(90, 180.0, 1.0, 3.0), subject="temp"),
        ParityMetric("feature_baseline_drift_temp", 0.91, subject="temp"),
    ]
    key = uri.removeprefix("s3://watch-bucket/").removesuffix("manifest.json") + "metrics.json"
    s3.put_object(Bucket="watch-bucket", Key=key, Body=dump_metrics(metrics, {"temp"}))
    handler({**planned(run_spec), "result": result(uri)}, context)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    [line] = [line for line in lines if "feature_baseline_drift_temp" in line]
    assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "aws/sagemaker/Endpoints/data-metrics"
    assert line["_aws"]["Timestamp"] == datetime(2013, 4, 1, 12, tzinfo=UTC).timestamp() * 1000  # as Model Monitor's
    assert line["feature_baseline_drift_temp"] == 0.91
    assert line["feature_data_temp"] == {"Min": 1.0, "Max": 3.0, "Sum": 180.0, "Count": 90}


def test_metrics_of_transform_jobs_belong_to_no_endpoint_at_amazons(
    put_manifest: Build, run_spec: RunSpec, context: Any, s3: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    uri = put_manifest(END, files={"metrics.json": "0" * 64})
    key = uri.removeprefix("s3://watch-bucket/").removesuffix("manifest.json") + "metrics.json"
    body = dump_metrics([ParityMetric("feature_baseline_drift_temp", 0.91, subject="temp")], {"temp"})
    s3.put_object(Bucket="watch-bucket", Key=key, Body=body)
    batch = run_spec.model_copy(update={"source": CaptureSource.BATCH_TRANSFORM})
    handler({**planned(batch), "result": result(uri)}, context)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    [line] = [line for line in lines if "feature_baseline_drift_temp" in line]
    [directive] = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "aws/sagemaker/ModelMonitoring/data-metrics"
    assert directive["Dimensions"] == [["MonitoringSchedule"]]


def test_a_run_within_its_window_has_the_time_of_the_job_that_started_it(
    put_manifest: Build, run_spec: RunSpec, context: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """CloudWatch takes nothing that lies more than two hours ahead."""
    uri = put_manifest(END)
    event = planned(run_spec)
    event["runs"][0]["plan"]["job_end"] = "2013-04-01T12:20:00Z"
    handler({**event, "result": result(uri)}, context)
    assert metrics(capsys.readouterr().out, datetime(2013, 4, 1, 12, 20, tzinfo=UTC))["Violations"] == 2
