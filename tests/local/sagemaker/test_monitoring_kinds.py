from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from localaws.sagemaker import install

if TYPE_CHECKING:
    from tests.local.sagemaker.conftest import Bench

# Leaves what it was told and given, as one metric says how many records there were.
ANALYZER = """
import json, os, pathlib
source, target = pathlib.Path(os.environ["dataset_source"]), pathlib.Path(os.environ["output_path"])
files = sorted(path for path in source.rglob("*") if path.is_file())
told = {name: value for name, value in os.environ.items() if name.islower()}
config = pathlib.Path(told.get("analysis_config_file", "none"))
text = config.read_text() if config.is_file() else None
lines = [line for path in files for line in path.read_text().splitlines()]
folders = [str(path.parent.relative_to(source)) for path in files]
(target / "report.json").write_text(json.dumps({"told": told, "lines": lines, "folders": folders, "config": text}))
metrics = pathlib.Path(os.environ["cloudwatch_metrics_directory"])
(metrics / "m.jsonl").write_text(json.dumps(
    {"MetricName": "rows", "Timestamp": told.get("metric_time", "2013-01-01T00:00:00Z"), "Value": len(lines)}))
pathlib.Path(os.environ["output_message_file"]).write_text("CompletedWithViolations: 1 violation.")
"""

CLARIFY = "205585389593.dkr.ecr.us-east-1.amazonaws.com/sagemaker-clarify-processing:1.0"
ENDPOINT = {"EndpointName": "ep", "LocalPath": "/opt/ml/processing/input_data"}
LABELS = {"GroundTruthS3Input": {"S3Uri": "s3://bucket/labels"}}


@pytest.fixture
def images(tmp_path: Path) -> dict[str, list[str]]:
    script = tmp_path / "analyzer.py"
    script.write_text(ANALYZER)
    command = [sys.executable, str(script)]
    return {"sagemaker-model-monitor-analyzer$": command, "sagemaker-clarify-processing": command}


def app(bench: Bench, kind: str) -> dict[str, Any]:
    if kind == "ModelQuality":
        return {"ImageUri": bench.ANALYZER, "ProblemType": "BinaryClassification"}
    if kind == "DataQuality":
        return {"ImageUri": bench.ANALYZER}
    uri = bench.upload("config/analysis_config.json", '{"headers": ["a"]}')
    return {"ImageUri": CLARIFY, "ConfigUri": uri}


def monitor(bench: Bench, kind: str, given: dict[str, Any]) -> None:
    """Make a definition of `kind` and an hourly schedule of it, both called ``m``."""
    constraints = bench.upload("baseline/constraints.json", "{}")
    words = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in kind).lstrip("_")
    getattr(bench.client("sagemaker"), f"create_{words}_job_definition")(
        JobDefinitionName="m",
        RoleArn=bench.ROLE,
        JobResources={"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10}},
        StoppingCondition={"MaxRuntimeInSeconds": 1800},
        **{
            f"{kind}AppSpecification": app(bench, kind),
            f"{kind}BaselineConfig": {"ConstraintsResource": {"S3Uri": constraints}},
            f"{kind}JobInput": given,
            f"{kind}JobOutputConfig": {
                "MonitoringOutputs": [
                    {"S3Output": {"S3Uri": "s3://bucket/reports", "LocalPath": "/opt/ml/processing/output"}}
                ]
            },
        },
    )
    bench.client("sagemaker").create_monitoring_schedule(
        MonitoringScheduleName="m",
        MonitoringScheduleConfig={
            "ScheduleConfig": {"ScheduleExpression": "cron(0 * ? * * *)"},
            "MonitoringJobDefinitionName": "m",
            "MonitoringType": kind,
        },
    )


def label(bench: Bench, hour: str, **labels: str) -> None:
    records = [
        {"groundTruthData": {"data": data, "encoding": "CSV"}, "eventMetadata": {"eventId": name}, "eventVersion": "0"}
        for name, data in labels.items()
    ]
    body = "\n".join(json.dumps(record) for record in records)
    bench.upload(f"labels/2013/01/01/{hour}/{len(labels)}.jsonl", body)


def last(bench: Bench) -> dict[str, Any]:
    found: dict[str, Any] = bench.client("sagemaker").describe_monitoring_schedule(MonitoringScheduleName="m")[
        "LastMonitoringExecutionSummary"
    ]
    return found


def report(bench: Bench, key: str) -> dict[str, Any]:
    written: dict[str, Any] = json.loads(bench.objects(key)[f"{key}report.json"])
    return written


def namespaces(bench: Bench) -> set[str]:
    return {one["Namespace"] for one in bench.client("cloudwatch").list_metrics()["Metrics"]}


def test_model_quality_is_analysed_after_labels_have_been_merged(bench: Bench) -> None:
    bench.deploy(bench.capture_config())
    monitor(bench, "ModelQuality", {"EndpointInput": ENDPOINT | {"ProbabilityAttribute": "0",
                                    "ProbabilityThresholdAttribute": 0.5}, **LABELS})  # fmt: skip
    for name in ("a", "b", "b", "unlabelled"):
        bench.invoke("1,2,3", InferenceId=name)
    label(bench, "08", a="1", b="0", never_asked="1")
    label(bench, "08", a="1")  # again
    bench.advance(minutes=30)

    execution, told = last(bench), report(bench, "reports/ep/m/2013/01/01/09/")

    assert execution["MonitoringExecutionStatus"] == "CompletedWithViolations"
    assert execution["ProcessingJobArn"].split("/")[1].startswith("model-quality-monitoring-201301010900-")
    merged = [json.loads(line) for line in told["lines"]]
    assert sorted((one["eventMetadata"]["inferenceId"], one["groundTruthData"]["data"]) for one in merged) == [
        ("a", "1"),
        ("b", "0"),
        ("b", "0"),
    ]
    assert merged[0]["captureData"]["endpointOutput"]["data"] == "6.0\n"
    assert told["folders"] == ["ep/model/2013/01/01/08"]
    environment = told["told"]
    assert json.loads(environment["dataset_format"]) == {
        "sagemakerMergeJson": {"captureIndexNames": ["endpointOutput"], "originalDatasetFormat": None}
    }
    assert (environment["analysis_type"], environment["problem_type"]) == ("MODEL_QUALITY", "BinaryClassification")
    assert (environment["probability_attribute"], environment["probability_threshold_attribute"]) == ("0", "0.500000")
    assert namespaces(bench) >= {"aws/sagemaker/Endpoints/model-metrics"}
    names = [one["detail"]["ProcessingJobName"] for one in bench.changes("Processing Job State")]
    assert [name[:17] for name in names] == ["groundtruth-merge"] * 2 + ["model-quality-mon"] * 2


def test_without_labels_the_merge_fails_and_nothing_is_analysed(bench: Bench) -> None:
    bench.deploy(bench.capture_config())
    monitor(bench, "ModelQuality", {"EndpointInput": ENDPOINT, **LABELS})
    bench.invoke()
    bench.advance(minutes=30)

    execution = last(bench)

    assert execution["MonitoringExecutionStatus"] == "Failed"
    assert 'under S3 URL "s3://bucket/labels/2013/01/01/08"' in execution["FailureReason"]
    assert "/groundtruth-merge-" in execution["ProcessingJobArn"]
    (alert,) = bench.client("sagemaker").list_monitoring_alerts(MonitoringScheduleName="m")["MonitoringAlertSummaries"]
    assert alert["AlertStatus"] == "InAlert"


def test_offsets_let_labels_come_late(bench: Bench) -> None:
    bench.deploy(bench.capture_config())
    given = ENDPOINT | {"StartTimeOffset": "-PT2H", "EndTimeOffset": "-PT0H"}
    monitor(bench, "ModelBias", {"EndpointInput": given, **LABELS})
    bench.invoke(InferenceId="a")
    bench.advance(minutes=45)
    label(bench, "09", a="1")
    bench.advance(minutes=45)

    told = report(bench, "reports/ep/m/2013/01/01/10/")

    assert len(told["lines"]) == 1
    assert told["config"] == '{"headers": ["a"]}'
    assert told["told"]["baseline_constraints"].endswith("/baseline/constraints/constraints.json")
    assert namespaces(bench) >= {"aws/sagemaker/Endpoints/bias-metrics"}


def test_explainability_reads_what_was_captured(bench: Bench) -> None:
    bench.deploy(bench.capture_config())
    monitor(bench, "ModelExplainability", {"EndpointInput": ENDPOINT})
    bench.invoke()
    bench.advance(minutes=30)

    told = report(bench, "reports/ep/m/2013/01/01/09/")

    assert (len(told["lines"]), told["config"]) == (1, '{"headers": ["a"]}')
    assert "/model-explainability-monitoring-" in last(bench)["ProcessingJobArn"]
    (listed,) = bench.client("sagemaker").list_monitoring_schedules(MonitoringTypeEquals="ModelExplainability")[
        "MonitoringScheduleSummaries"
    ]
    assert listed["EndpointName"] == "ep"
    executions = bench.client("sagemaker").list_monitoring_executions
    assert len(executions(MonitoringTypeEquals="ModelExplainability")["MonitoringExecutionSummaries"]) == 1
    assert executions(MonitoringTypeEquals="DataQuality")["MonitoringExecutionSummaries"] == []


@pytest.mark.parametrize(
    ("kind", "more", "lines"),
    [
        ("DataQuality", {}, ["0.5,id-1,2013-01-01T08:30:00Z", "0.7,id-2,2013-01-01T08:30:00Z"]),
        ("ModelQuality", LABELS, ["0.7"]),
    ],
)
def test_transform_jobs_are_monitored_by_their_manifests(
    bench: Bench, kind: str, more: dict[str, Any], lines: list[str]
) -> None:
    bench.upload("out/data.csv.out", "0.5,id-1,2013-01-01T08:30:00Z\n0.7,id-2,2013-01-01T08:30:00Z\n")
    manifest = json.dumps([{"prefix": "s3://bucket/out/"}, "data.csv.out"])
    bench.upload("captured/output/2013/01/01/08/7b.json", manifest)
    label(bench, "08", **{"id-2": "1"})
    batch = {
        "DataCapturedDestinationS3Uri": "s3://bucket/captured",
        "DatasetFormat": {"Csv": {"Header": False}},
        "LocalPath": "/opt/ml/processing/input",
    }
    monitor(bench, kind, {"BatchTransformInput": batch, **more})
    bench.advance(minutes=30)

    told = report(bench, "reports/m/2013/01/01/09/")

    found = [
        json.loads(line)["captureData"]["batchTransformOutput"]["data"] if kind == "ModelQuality" else line
        for line in told["lines"]
    ]
    assert found == lines
    assert told["told"]["monitoring_input_type"] == "BATCH_TRANSFORM_INPUT"
    assert "sagemaker_endpoint_name" not in told["told"]
    assert "EndpointName" not in last(bench)
    assert any(name.startswith("aws/sagemaker/ModelMonitoring/") for name in namespaces(bench))


def test_a_clarify_job_of_ones_own_finds_its_data_and_its_configuration(bench: Bench) -> None:
    def given(name: str, uri: str, path: str) -> dict[str, Any]:
        source = {"S3Uri": uri, "LocalPath": path, "S3DataType": "S3Prefix", "S3InputMode": "File"}
        return {"InputName": name, "S3Input": source}

    output = {"S3Uri": "s3://bucket/once", "LocalPath": "/opt/ml/processing/output", "S3UploadMode": "EndOfJob"}
    bench.client("sagemaker").create_processing_job(
        ProcessingJobName="once",
        RoleArn=bench.ROLE,
        AppSpecification={"ImageUri": CLARIFY},
        ProcessingInputs=[
            given("dataset", bench.upload("data/rows.csv", "1\n2\n"), "/opt/ml/processing/input/data"),
            given("analysis_config", app(bench, "ModelBias")["ConfigUri"], "/opt/ml/processing/input/config"),
        ],
        ProcessingOutputConfig={"Outputs": [{"OutputName": "analysis_result", "S3Output": output}]},
        ProcessingResources={
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10}
        },
    )
    bench.settle()

    told = report(bench, "once/")

    assert (told["lines"], told["config"]) == (["1", "2"], '{"headers": ["a"]}')
    assert "aws/sagemaker/Endpoints/bias-metrics" not in namespaces(bench)


def test_where_model_monitor_is_closed_nothing_new_begins(bench: Bench) -> None:
    bench.deploy(bench.capture_config())
    bench.model_monitor = False
    bench.sagemaker.close()
    bench.sagemaker = install(bench)
    with pytest.raises(ClientError) as refused:
        monitor(bench, "DataQuality", {"EndpointInput": ENDPOINT})
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    assert bench.client("sagemaker").list_monitoring_schedules()["MonitoringScheduleSummaries"] == []
