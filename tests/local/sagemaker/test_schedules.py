from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.local.sagemaker.conftest import Bench

# Counts the captured records of its window; more than two are a violation.
ANALYZER = """
import json, os, pathlib
source, target = pathlib.Path(os.environ["dataset_source"]), pathlib.Path(os.environ["output_path"])
lines = [line for path in sorted(source.rglob("*.jsonl")) for line in path.read_text().splitlines()]
times = [json.loads(line)["eventMetadata"]["inferenceTime"] for line in lines]
seen = [time for time in times if os.environ["start_time"] <= time < os.environ["end_time"]]
told = {name: value for name, value in os.environ.items() if name.islower()}
(target / "statistics.json").write_text(json.dumps({"rows": len(seen), "told": told}))
baseline = json.loads(pathlib.Path(os.environ["baseline_constraints"]).read_text())
metrics = pathlib.Path(os.environ["cloudwatch_metrics_directory"])
(metrics / "metrics.jsonl").write_text(json.dumps({
    "MetricName": "feature_data_x", "Timestamp": os.environ["metric_time"], "Value": len(seen),
    "Dimensions": [{"Name": "Endpoint", "Value": os.environ["sagemaker_endpoint_name"]},
                   {"Name": "MonitoringSchedule", "Value": os.environ["sagemaker_monitoring_schedule_name"]}]}))
violations = len(seen) > baseline["most"]
message = "CompletedWithViolations: 1 violation." if violations else "Completed: no violations."
pathlib.Path(os.environ["output_message_file"]).write_text(message)
"""


@pytest.fixture
def images(tmp_path: Path) -> dict[str, list[str]]:
    script = tmp_path / "analyzer.py"
    script.write_text(ANALYZER)
    return {"sagemaker-model-monitor-analyzer$": [sys.executable, str(script)]}


def define(bench: Bench, **endpoint_input: Any) -> None:
    """Make the definition ``dq`` for the endpoint ``ep``."""
    bench.upload("baseline/constraints.json", json.dumps({"most": 2}))
    bench.client("sagemaker").create_data_quality_job_definition(
        JobDefinitionName="dq",
        DataQualityAppSpecification={"ImageUri": bench.ANALYZER, "Environment": {"own_threshold": "0.2"}},
        DataQualityBaselineConfig={"ConstraintsResource": {"S3Uri": "s3://bucket/baseline/constraints.json"}},
        DataQualityJobInput={
            "EndpointInput": {"EndpointName": "ep", "LocalPath": "/opt/ml/processing/input/endpoint"} | endpoint_input
        },
        DataQualityJobOutputConfig={
            "MonitoringOutputs": [
                {"S3Output": {"S3Uri": "s3://bucket/reports", "LocalPath": "/opt/ml/processing/output"}}
            ]
        },
        JobResources={"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10}},
        StoppingCondition={"MaxRuntimeInSeconds": 1800},
        RoleArn=bench.ROLE,
    )


def schedule(bench: Bench, expression: str = "cron(0 * ? * * *)", **more: str) -> None:
    bench.client("sagemaker").create_monitoring_schedule(
        MonitoringScheduleName="Hourly",
        MonitoringScheduleConfig={
            "ScheduleConfig": {"ScheduleExpression": expression, **more},
            "MonitoringJobDefinitionName": "dq",
            "MonitoringType": "DataQuality",
        },
    )


def executions(bench: Bench) -> list[dict[str, Any]]:
    listed = bench.client("sagemaker").list_monitoring_executions(
        MonitoringScheduleName="Hourly", SortBy="ScheduledTime", SortOrder="Ascending"
    )
    found: list[dict[str, Any]] = listed["MonitoringExecutionSummaries"]
    return found


def test_each_hour_is_analyzed_when_it_is_over(bench: Bench) -> None:
    bench.deploy(bench.capture_config())
    define(bench)
    schedule(bench)
    bench.invoke()
    bench.advance(minutes=45)
    for _ in range(3):
        bench.invoke()
    bench.advance(hours=2)

    found = executions(bench)

    assert [run["MonitoringExecutionStatus"] for run in found] == ["Completed", "CompletedWithViolations", "Failed"]
    assert [run["ScheduledTime"].hour for run in found] == [9, 10, 11]
    reports = bench.objects("reports/")
    assert list(reports) == [f"reports/ep/Hourly/2013/01/01/{hour:02}/statistics.json" for hour in (9, 10)]
    assert [json.loads(report)["rows"] for report in reports.values()] == [1, 3]
    name = "arn:aws:sagemaker:us-east-1:123456789012:processing-job/model-monitoring-201301010900-"
    assert found[0]["ProcessingJobArn"].startswith(name)


def test_an_hour_without_records_fails_with_amazons_reason(bench: Bench) -> None:
    bench.deploy(bench.capture_config())
    define(bench)
    schedule(bench)
    bench.advance(minutes=30)

    (run,) = executions(bench)

    assert run["MonitoringExecutionStatus"] == "Failed"
    assert 'No S3 objects found under S3 URL "s3://bucket/capture/ep/model/2013/01/01/08"' in run["FailureReason"]


def test_the_container_is_told_what_amazon_tells_it(bench: Bench) -> None:
    bench.deploy(bench.capture_config())
    define(bench)
    schedule(bench)
    bench.invoke()
    bench.advance(minutes=30)

    (report,) = bench.objects("reports/").values()
    told = json.loads(report)["told"]

    assert told["dataset_format"] == '{"sagemakerCaptureJson":{"captureIndexNames":["endpointInput","endpointOutput"]}}'
    assert told["dataset_source"].endswith("/opt/ml/processing/input/endpoint")
    assert told["baseline_constraints"].endswith("/opt/ml/processing/baseline/constraints/constraints.json")
    assert (told["start_time"], told["end_time"]) == ("2013-01-01T08:00:00Z", "2013-01-01T09:00:00Z")
    assert told["metric_time"] == told["start_time"]
    assert told["monitoring_input_type"] == "ENDPOINT_INPUT"
    assert told["publish_cloudwatch_metrics"] == "Enabled"
    assert told["sagemaker_endpoint_datacapture_prefix"] == "s3://bucket/capture"
    assert told["own_threshold"] == "0.2"


def test_the_metrics_of_a_run_go_to_cloudwatch_at_the_windows_time(bench: Bench) -> None:
    bench.deploy(bench.capture_config())
    define(bench)
    schedule(bench)
    bench.invoke()
    bench.advance(minutes=30)

    (point,) = bench.client("cloudwatch").get_metric_statistics(
        Namespace="aws/sagemaker/Endpoints/data-metrics",
        MetricName="feature_data_x",
        Dimensions=[{"Name": "Endpoint", "Value": "ep"}, {"Name": "MonitoringSchedule", "Value": "Hourly"}],
        StartTime=bench.START - timedelta(hours=1),
        EndTime=bench.now(),
        Period=3600,
        Statistics=["Sum"],
    )["Datapoints"]

    assert point["Sum"] == 1.0


def test_a_daily_run_reads_the_hours_that_have_records(bench: Bench) -> None:
    bench.deploy(bench.capture_config())
    define(bench)
    schedule(bench, "cron(0 5 ? * * *)")
    bench.invoke()
    bench.advance(hours=3)
    bench.invoke()
    bench.advance(hours=20)

    (run,) = executions(bench)
    job = bench.client("sagemaker").describe_processing_job(ProcessingJobName=run["ProcessingJobArn"].split("/")[-1])

    assert (run["ScheduledTime"].day, run["ScheduledTime"].hour) == (2, 5)
    names = [given["InputName"] for given in job["ProcessingInputs"]]
    assert names == ["constraints", "endpoint_input_1", "endpoint_input_2"]
    assert (job["Environment"]["start_time"], job["Environment"]["end_time"]) == (
        "2013-01-01T05:00:00Z",
        "2013-01-02T05:00:00Z",
    )
    assert job["MonitoringScheduleArn"].endswith(":monitoring-schedule/hourly")


def test_offsets_move_the_window(bench: Bench) -> None:
    bench.deploy(bench.capture_config())
    define(bench, StartTimeOffset="-PT3H", EndTimeOffset="-PT1H")
    schedule(bench)
    bench.invoke()
    bench.advance(hours=2)

    found = executions(bench)

    assert [run["MonitoringExecutionStatus"] for run in found] == ["Failed", "Completed"]
    (report,) = bench.objects("reports/").values()
    assert json.loads(report)["told"]["start_time"] == "2013-01-01T07:00:00Z"


def test_now_runs_once_and_at_once(bench: Bench) -> None:
    bench.deploy(bench.capture_config())
    define(bench)
    bench.invoke()
    schedule(bench, "NOW", DataAnalysisStartTime="-PT1H", DataAnalysisEndTime="PT1H")
    bench.advance(hours=3)

    (run,) = executions(bench)

    assert run["MonitoringExecutionStatus"] == "Completed"


def test_a_stopped_schedule_does_not_fire_until_it_is_started(bench: Bench) -> None:
    bench.deploy(bench.capture_config())
    define(bench)
    schedule(bench)
    sagemaker = bench.client("sagemaker")

    sagemaker.stop_monitoring_schedule(MonitoringScheduleName="Hourly")
    bench.advance(hours=2)
    assert executions(bench) == []
    assert (
        sagemaker.describe_monitoring_schedule(MonitoringScheduleName="Hourly")["MonitoringScheduleStatus"] == "Stopped"
    )

    sagemaker.start_monitoring_schedule(MonitoringScheduleName="Hourly")
    bench.advance(hours=1)
    assert [run["ScheduledTime"].hour for run in executions(bench)] == [11]


def test_an_updated_schedule_fires_by_its_new_expression(bench: Bench) -> None:
    bench.deploy(bench.capture_config())
    define(bench)
    schedule(bench)
    bench.client("sagemaker").update_monitoring_schedule(
        MonitoringScheduleName="Hourly",
        MonitoringScheduleConfig={
            "ScheduleConfig": {"ScheduleExpression": "cron(0 0/6 ? * * *)"},
            "MonitoringJobDefinitionName": "dq",
            "MonitoringType": "DataQuality",
        },
    )
    bench.advance(hours=16)

    assert [run["ScheduledTime"].hour for run in executions(bench)] == [12, 18, 0]


def test_a_schedule_describes_itself_and_its_last_run(bench: Bench) -> None:
    bench.deploy(bench.capture_config())
    define(bench)
    schedule(bench)
    bench.advance(minutes=30)

    described = bench.client("sagemaker").describe_monitoring_schedule(MonitoringScheduleName="Hourly")

    assert described["EndpointName"] == "ep"
    assert described["MonitoringType"] == "DataQuality"
    assert described["LastMonitoringExecutionSummary"]["MonitoringExecutionStatus"] == "Failed"
    (summary,) = bench.client("sagemaker").list_monitoring_schedules(EndpointName="ep")["MonitoringScheduleSummaries"]
    assert summary["MonitoringJobDefinitionName"] == "dq"


@pytest.mark.parametrize(
    "expression",
    [
        "rate(1 hour)",
        "cron(*/5 * ? * * *)",
        "cron(15 * ? * * *)",
        "cron(0 24 ? * * *)",
        "cron(0 0/25 ? * * *)",
        "cron(0 0/0 ? * * *)",
        "cron(0 * * * ? *)",
        "cron(0 9 ? * MON *)",
        "cron(0 * ? * *)",
    ],
)
def test_an_expression_sagemaker_refuses_is_refused(bench: Bench, expression: str) -> None:
    bench.deploy(bench.capture_config())
    define(bench)

    with pytest.raises(ClientError, match="is not one SageMaker accepts"):
        schedule(bench, expression)


def test_a_schedule_for_nothing_is_refused(bench: Bench) -> None:
    with pytest.raises(ClientError, match="Could not find data-quality-job-definition"):
        schedule(bench)
    define(bench)
    with pytest.raises(ClientError, match="Could not find endpoint"):
        schedule(bench)


def test_an_endpoint_with_schedules_cannot_be_deleted(bench: Bench) -> None:
    bench.deploy(bench.capture_config())
    define(bench)
    schedule(bench)

    with pytest.raises(ClientError, match="it has monitoring schedules: Hourly"):
        bench.client("sagemaker").delete_endpoint(EndpointName="ep")
    bench.client("sagemaker").delete_monitoring_schedule(MonitoringScheduleName="Hourly")
    bench.client("sagemaker").delete_endpoint(EndpointName="ep")


def test_the_alert_follows_the_last_runs(bench: Bench) -> None:
    bench.deploy(bench.capture_config())
    define(bench)
    schedule(bench)
    sagemaker = bench.client("sagemaker")
    (alert,) = sagemaker.list_monitoring_alerts(MonitoringScheduleName="Hourly")["MonitoringAlertSummaries"]
    sagemaker.update_monitoring_alert(
        MonitoringScheduleName="Hourly",
        MonitoringAlertName=alert["MonitoringAlertName"],
        DatapointsToAlert=2,
        EvaluationPeriod=2,
    )
    states = []
    for requests in (3, 3, 1):
        for _ in range(requests):
            bench.invoke()
        bench.advance(hours=1)
        (alert,) = sagemaker.list_monitoring_alerts(MonitoringScheduleName="Hourly")["MonitoringAlertSummaries"]
        states.append(alert["AlertStatus"])

    assert states == ["OK", "InAlert", "OK"]
    history = sagemaker.list_monitoring_alert_history(MonitoringScheduleName="Hourly", SortOrder="Ascending")
    changes: list[tuple[str, datetime]] = [
        (change["AlertStatus"], change["CreationTime"]) for change in history["MonitoringAlertHistory"]
    ]
    assert changes == [
        ("InAlert", bench.START + timedelta(minutes=90)),
        ("OK", bench.START + timedelta(minutes=150)),
    ]


def test_a_job_definition_cannot_be_overwritten(bench: Bench) -> None:
    define(bench)

    with pytest.raises(ClientError, match="Cannot create already existing"):
        define(bench)
    (listed,) = bench.client("sagemaker").list_data_quality_job_definitions()["JobDefinitionSummaries"]
    assert (listed["MonitoringJobDefinitionName"], listed["EndpointName"]) == ("dq", "ep")
