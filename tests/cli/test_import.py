from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.stub import Stubber
from moto import mock_aws

from functions.common import clients
from infra.config import load_config
from monitoring_core.errors import ConfigError
from watchkeeper.importing.account import from_account
from watchkeeper.importing.convert import Imported, convert
from watchkeeper.importing.exported import from_files
from watchkeeper.importing.write import write

Cli = Callable[..., subprocess.CompletedProcess[str]]
REPOSITORY = Path(__file__).parents[2]
EXPORTED = REPOSITORY / "examples" / "import-from-model-monitor" / "exported"
CORPUS = REPOSITORY.parent / "shared" / "conformance" / "recorded"
BUCKET = EXPORTED / "churn-monitoring" / "baselines"
WHEN = datetime(2024, 5, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def imported() -> Imported:
    return convert(from_files(EXPORTED))


def section(imported: Imported, kind: str) -> dict[str, Any]:
    (found,) = (one for one in imported.document["monitors"] if one["kind"] == kind)
    return dict(found)


def test_the_command_writes_a_valid_configuration_and_the_baselines_as_they_are(cli: Cli, tmp_path: Path) -> None:
    done = cli("import", "--from-files", EXPORTED, "-o", "imported", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["valid"], said["monitors"]) == (True, ["data-quality", "model-quality", "model-bias"])
    config = load_config(tmp_path / "imported" / "monitoring.yaml")
    assert config.name == "churn-prod"
    for monitor, there, names in (
        ("data-quality", "data-quality", ("statistics.json", "constraints.json")),
        ("model-quality", "model-quality", ("constraints.json",)),
        ("model-bias", "bias", ("analysis.json",)),
    ):
        for name in names:
            ours = tmp_path / "imported" / "baselines" / monitor / name
            assert ours.read_bytes() == (BUCKET / there / name).read_bytes()


def test_traffic_is_judged_against_an_imported_baseline(cli: Cli, tmp_path: Path) -> None:
    assert cli("import", "--from-files", EXPORTED, "-o", "imported").returncode == 0
    header = "churn_predicted,churn_probability,day_minutes,calls,plan,senior"
    rows = [f"{i % 2},0.{i % 9 + 1},{900 + i},{i % 100 + 20},basic,{i % 2}" for i in range(200)]
    (tmp_path / "now.csv").write_text("\n".join([header, *rows]))
    done = cli("run", "now.csv", "-b", "imported/baselines/data-quality", "--json")
    assert done.returncode == 1, done.stderr
    found = {one["feature_name"] for one in json.loads(done.stdout)["violations"]}
    assert "day_minutes" in found


def test_schedules_and_offsets_become_ours(imported: Imported) -> None:
    assert section(imported, "data-quality")["schedule"] == "hourly"
    assert section(imported, "model-quality")["schedule"] == "cron(10 5 ? * * *)"
    assert imported.document["ground_truth"] == {"prefix": "s3://churn-monitoring/labels/", "lag": "1d"}


def test_columns_are_put_together_from_what_each_definition_knows(imported: Imported) -> None:
    assert imported.document["schema"] == {
        "problem": "binary-classification",
        "outputs": ["churn_predicted", "churn_probability"],
        "features": ["day_minutes", "calls", "plan", "senior"],
        "prediction": "churn_predicted",
        "probability": "churn_probability",
        "label": "churn",
    }


def test_alarms_and_alerts_become_limits_and_rules(imported: Imported) -> None:
    quality = section(imported, "data-quality")
    assert quality["features"] == {"day_minutes": {"max_distance": 0.25}}
    assert quality["alarm"] == {"datapoints_to_alarm": 2, "evaluation_periods": 3}
    assert section(imported, "model-quality")["constraints"] == {"auc": {"at_least": 0.7}}
    assert section(imported, "model-bias")["alarm"] == {"datapoints_to_alarm": 2, "evaluation_periods": 4}


def test_clarifys_configuration_becomes_facets_and_metrics(imported: Imported) -> None:
    bias = section(imported, "model-bias")
    assert bias["facets"] == [{"column": "senior", "value_or_threshold": [1]}]
    assert (bias["positive_labels"], bias["group_variable"]) == ([1], "plan")
    assert bias["metrics"] == ["CI", "DPL", "DI", "DPPL", "AD"]


def test_every_setting_without_a_counterpart_is_named(imported: Imported) -> None:
    told = {(one.source, one.setting): one for one in imported.findings}
    script = told["churn-data-quality-definition", "DataQualityAppSpecification.RecordPreprocessorSourceUri"]
    assert "runtime: managed" in script.advice
    assert ("alarm churn-calls-missing", "MetricName") in told
    for definition in ("data-quality", "model-quality", "bias"):
        assert (f"churn-{definition}-definition", "RoleArn") in told
        assert (f"churn-{definition}-definition", "StoppingCondition.MaxRuntimeInSeconds") in told
    overrides = next(one for one in imported.findings if "monitoring_config_overrides" in one.setting)
    assert overrides.value == '{"domain_content_threshold":0.95}'


def test_what_stays_with_model_monitor_keeps_its_machines_and_scripts() -> None:
    managed = convert(from_files(EXPORTED), runtime="managed")
    assert managed.document["runtime"]["managed"] == {
        "instance_type": "ml.m5.xlarge",
        "instance_count": 1,
        "volume_gib": 20,
        "timeout_seconds": 1800,
        "record_preprocessor": "s3://churn-monitoring/code/preprocessor.py",
    }
    assert section(managed, "model-quality")["schedule"] == "cron(0 5 ? * * *)"
    assert not any("JobResources" in one.setting for one in managed.findings)


def export(folder: Path, *answers: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    for i, answer in enumerate(answers):
        (folder / f"{i}.json").write_text(json.dumps(answer))
    return folder


def schedule(name: str, endpoint: str = "ep", expression: str = "cron(0 * ? * * *)") -> dict[str, Any]:
    config = {
        "ScheduleConfig": {"ScheduleExpression": expression},
        "MonitoringJobDefinitionName": f"{name}-definition",
        "MonitoringType": "DataQuality",
    }
    return {"MonitoringScheduleName": name, "MonitoringScheduleConfig": config, "EndpointName": endpoint}


def test_one_file_is_about_one_endpoint(tmp_path: Path) -> None:
    folder = export(tmp_path / "two", schedule("a", "one"), schedule("b", "other"))
    with pytest.raises(ConfigError, match="these schedules are of one, other"):
        convert(from_files(folder))


def test_a_schedule_that_runs_once_is_a_finding(tmp_path: Path) -> None:
    found = convert(from_files(export(tmp_path / "now", schedule("a", expression="NOW"))))
    assert found.document["monitors"][0]["schedule"] == "daily"
    assert "MonitoringScheduleConfig.ScheduleConfig.ScheduleExpression" in {one.setting for one in found.findings}


def test_what_is_missing_is_said_and_the_file_is_written_nevertheless(cli: Cli, tmp_path: Path) -> None:
    done = cli("import", "--from-files", export(tmp_path / "few", schedule("a")), "-o", "imported")
    assert done.returncode == 2
    assert "baseline: missing; add it" in done.stdout
    assert "its definition was not exported" in done.stdout
    assert yaml.safe_load((tmp_path / "imported" / "monitoring.yaml").read_text())["endpoint"]["name"] == "ep"


def test_a_folder_without_schedules_is_a_usage_error(cli: Cli, tmp_path: Path) -> None:
    done = cli("import", "--from-files", export(tmp_path / "none", {}))
    assert done.returncode == 2
    assert "describe-monitoring-schedule" in done.stderr


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Stubber, Stubber]]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    clients.client.cache_clear()
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="churn-monitoring", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        limits = BUCKET / "model-quality" / "constraints.json"
        s3.upload_file(str(limits), "churn-monitoring", "baselines/model-quality/constraints.json")
        with Stubber(clients.client("sagemaker")) as sagemaker, Stubber(clients.client("cloudwatch")) as cloudwatch:
            yield sagemaker, cloudwatch
            sagemaker.assert_no_pending_responses()
    clients.client.cache_clear()


def test_an_account_is_asked_the_same(account: tuple[Stubber, Stubber]) -> None:
    sagemaker, cloudwatch = account
    files = {path.stem: json.loads(path.read_text()) for path in EXPORTED.glob("*.json")}
    answers = {
        kind: json.loads((EXPORTED / kind / "model-quality.json").read_text())
        for kind in ("schedules", "definitions", "jobs")
    }
    summary = {
        "MonitoringScheduleName": "churn-model-quality",
        "MonitoringScheduleArn": answers["schedules"]["MonitoringScheduleArn"],
        "CreationTime": WHEN,
        "LastModifiedTime": WHEN,
        "MonitoringScheduleStatus": "Scheduled",
    }
    times = {"CreationTime": WHEN, "LastModifiedTime": WHEN}
    job_fields = {
        "AppSpecification": {"ImageUri": "image"},
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 20}
        },
        "CreationTime": WHEN,
    }
    sagemaker.add_response("list_monitoring_schedules", {"MonitoringScheduleSummaries": [summary]})
    sagemaker.add_response("describe_monitoring_schedule", answers["schedules"] | times)
    sagemaker.add_response("describe_model_quality_job_definition", answers["definitions"] | {"CreationTime": WHEN})
    sagemaker.add_response("describe_endpoint", files["endpoint"] | times)
    sagemaker.add_response("describe_processing_job", answers["jobs"] | job_fields)
    sagemaker.add_response("list_monitoring_alerts", {})
    cloudwatch.add_response("describe_alarms", files["alarms"])
    found = from_account("churn-prod")
    assert [alarm["AlarmName"] for alarm in found.alarms] == ["churn-auc"]
    imported = convert(found)
    document = imported.document
    assert imported.monitors[0].files == {
        "constraints.json": (BUCKET / "model-quality" / "constraints.json").read_bytes()
    }
    assert document["baseline"] == {"dataset": "s3://churn-monitoring/datasets/scored.csv"}
    assert section(imported, "model-quality")["constraints"] == {"auc": {"at_least": 0.7}}


def recorded(kind: str, name: str) -> bytes:
    if not CORPUS.is_dir():
        pytest.skip("the conformance corpus is not beside this repository (../shared/conformance)")
    return (CORPUS / kind / name).read_bytes()


def test_a_recorded_schedule_and_its_files_make_the_round_trip(tmp_path: Path) -> None:
    answer = json.loads(recorded("api", "dsoaws_ec5fdc2d_c46_e8302f.json"))
    baseline = answer["MonitoringScheduleConfig"]["MonitoringJobDefinition"]["BaselineConfig"]
    constraints = recorded("constraints", "cookbook_ad2a940c_c5_edfc4a.json")
    statistics = recorded("statistics", "cookbook_ad2a940c_c13_7a9c41.json")
    capture = {"EndpointName": answer["EndpointName"], "DataCaptureConfig": {"DestinationS3Uri": "s3://bucket/capture"}}
    folder = export(tmp_path / "recorded", answer, capture)
    for name, body in (("ConstraintsResource", constraints), ("StatisticsResource", statistics)):
        place = folder / baseline[name]["S3Uri"].removeprefix("s3://")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(body)
    found = convert(from_files(folder))
    assert write(found, tmp_path / "imported") == ()
    kept = tmp_path / "imported" / "baselines" / "data"
    assert (kept / "constraints.json").read_bytes() == constraints
    assert (kept / "statistics.json").read_bytes() == statistics
    assert found.document["monitors"] == [{"kind": "data-quality", "schedule": "hourly", "name": "data"}]
    assert any(one.setting == "JobResources.ClusterConfig.InstanceType" for one in found.findings)


def test_every_recorded_schedule_is_understood(tmp_path: Path) -> None:
    if not CORPUS.is_dir():
        pytest.skip("the conformance corpus is not beside this repository (../shared/conformance)")
    answers = [json.loads(path.read_text()) for path in sorted((CORPUS / "api").glob("*.json"))]
    schedules = [answer for answer in answers if "MonitoringScheduleConfig" in answer]
    assert len(schedules) > 10
    for i, answer in enumerate(schedules):
        found = convert(from_files(export(tmp_path / str(i), answer)))
        assert found.document["monitors"][0]["schedule"] == "hourly"
        assert found.document["endpoint"]["name"] == answer["EndpointName"]
