"""Endpoint, baseline, history, model card, dashboard: what is declared and what it holds."""

from __future__ import annotations

import json
from typing import Any

from monitoring_core.history_schema import COLUMNS, PARTITION_KEYS
from monitoring_core.metric_names import RUN_METRICS
from monitoring_core.spec import DataQualitySpec

from .conftest import Template
from .test_runtime_own import joined


def test_traffic_is_captured_in_amazons_layout(flights: Template, of_type: Any) -> None:
    ((_, config),) = of_type(flights, "AWS::SageMaker::EndpointConfig")
    capture = config["Properties"]["DataCaptureConfig"]
    assert capture["EnableCapture"] is True
    assert capture["InitialSamplingPercentage"] == 100
    assert joined(capture["DestinationS3Uri"]).endswith("/capture")
    assert [option["CaptureMode"] for option in capture["CaptureOptions"]] == ["Input", "Output"]
    assert capture["CaptureContentTypeHeader"] == {
        "CsvContentTypes": ["text/csv"],
        "JsonContentTypes": ["application/json"],
    }


def test_the_endpoint_has_the_name_of_the_file(flights: Template, of_type: Any) -> None:
    ((_, endpoint),) = of_type(flights, "AWS::SageMaker::Endpoint")
    assert endpoint["Properties"]["EndpointName"] == "flights-prod"


def test_an_update_keeps_the_scaled_instance_counts_and_nothing_else(
    managed: Template, flights: Template, of_type: Any
) -> None:
    ((_, scaled),), ((_, fixed),) = (of_type(template, "AWS::SageMaker::Endpoint") for template in (managed, flights))
    assert scaled["Properties"]["RetainAllVariantProperties"] is True
    excluded = scaled["Properties"]["ExcludeRetainedVariantProperties"]
    assert [one["VariantPropertyType"] for one in excluded] == ["DesiredWeight", "DataCaptureConfig"]
    assert "RetainAllVariantProperties" not in fixed["Properties"]


def test_autoscaling_follows_the_load(managed: Template, of_type: Any) -> None:
    ((_, target),) = of_type(managed, "AWS::ApplicationAutoScaling::ScalableTarget")
    assert target["Properties"]["ResourceId"] == "endpoint/churn-managed/variant/AllTraffic"
    assert (target["Properties"]["MinCapacity"], target["Properties"]["MaxCapacity"]) == (1, 4)


def test_captured_records_expire_and_results_do_not(flights: Template, of_type: Any) -> None:
    (bucket,) = [r["Properties"] for name, r in of_type(flights, "AWS::S3::Bucket") if "Access" not in name]
    expiring = {rule["Prefix"] for rule in bucket["LifecycleConfiguration"]["Rules"] if "ExpirationInDays" in rule}
    assert expiring == {"capture/", "review/", "work/"}


def test_data_survives_the_stack_unless_told_otherwise(flights: Template, of_type: Any) -> None:
    for kind in ("AWS::S3::Bucket", "AWS::KMS::Key"):
        assert {r["DeletionPolicy"] for _, r in of_type(flights, kind)} == {"Retain"}


def test_the_baseline_knows_data_model_and_spec(flights: Template, of_type: Any) -> None:
    made = {r["Properties"]["Monitor"]: r["Properties"] for _, r in of_type(flights, "Custom::WatchkeeperBaseline")}
    assert {p["Model"] for p in made.values()} == {"s3://flights-data/model/model.tar.gz"}
    p = made["data-quality"]
    assert (p["Dataset"], p["TimeColumn"]) == ("s3://flights-data/train/flights.csv", "time")
    assert DataQualitySpec.model_validate_json(p["Spec"]).min_rows == 200
    assert p["PeriodSeconds"] == "86400"
    own = made["model-bias"]
    assert (own["Dataset"], own["PeriodSeconds"]) == ("s3://flights-data/train/validation.csv", str(7 * 86_400))


def test_a_baseline_that_exists_is_imported(existing: Template, of_type: Any) -> None:
    ((_, baseline),) = of_type(existing, "Custom::WatchkeeperBaseline")
    assert baseline["Properties"]["Statistics"] == "s3://fraud-capture/baseline/statistics.json"
    assert "Dataset" not in baseline["Properties"]


def test_the_baseline_function_reads_only_the_data_sets_and_the_model(flights: Template) -> None:
    (policy,) = [r for name, r in flights["Resources"].items() if name.startswith("BaselinesMakerRoleDefault")]
    reads = [s for s in policy["Properties"]["PolicyDocument"]["Statement"] if "s3:GetObject" in s["Action"]]
    resources = [joined(resource) for statement in reads for resource in statement["Resource"]]
    sources = {resource.partition(":::")[2] for resource in resources if "/baselines/flights-prod/" not in resource}
    files = ("train/flights.csv", "train/validation.csv", "model/model.tar.gz")
    promoted = "StorageBucket5CB7C8EA/retraining/flights-prod/*"
    assert sources == {*(f"flights-data/{file}" for file in files), promoted}


def test_the_history_table_has_the_columns_that_are_written(flights: Template, of_type: Any) -> None:
    ((_, table),) = of_type(flights, "AWS::Glue::Table")
    held = table["Properties"]["TableInput"]
    columns = [(c["Name"], c["Type"]) for c in held["StorageDescriptor"]["Columns"]]
    assert columns == [(column.name, column.glue_type) for column in COLUMNS]
    assert [c["Name"] for c in held["PartitionKeys"]] == [column.name for column in PARTITION_KEYS]


def test_partitions_are_computed_from_the_layout_of_the_bucket(flights: Template, of_type: Any) -> None:
    ((_, table),) = of_type(flights, "AWS::Glue::Table")
    parameters = table["Properties"]["TableInput"]["Parameters"]
    assert parameters["projection.enabled"] == "true"
    template = joined(parameters["storage.location.template"])
    assert template.endswith("/history/endpoint=${endpoint}/monitor=${monitor}/date=${date}/")
    assert {parameters[f"projection.{column.name}.type"] for column in PARTITION_KEYS} == {"enum", "date"}


def test_the_model_card_holds_what_the_file_says(flights: Template, of_type: Any) -> None:
    ((_, card),) = of_type(flights, "AWS::SageMaker::ModelCard")
    content = card["Properties"]["Content"]
    assert content["ModelOverview"]["ModelOwner"] == "flights-team"
    assert content["ModelOverview"]["ProblemType"] == "binary-classification"
    assert content["IntendedUses"]["RiskRating"] == "Medium"
    assert content["AdditionalInformation"]["CustomDetails"]["Monitor data-quality"] == "data-quality, daily"


def test_the_owner_and_the_tags_are_on_what_costs_money(managed: Template, of_type: Any) -> None:
    ((_, endpoint),) = of_type(managed, "AWS::SageMaker::Endpoint")
    tags = {tag["Key"]: tag["Value"] for tag in endpoint["Properties"]["Tags"]}
    assert tags == {"cost-centre": "42", "owner": "churn-team"}


def test_the_dashboard_draws_every_run_metric(flights: Template, of_type: Any) -> None:
    ((_, dashboard),) = of_type(flights, "AWS::CloudWatch::Dashboard")
    body = json.loads(joined(dashboard["Properties"]["DashboardBody"]))
    drawn = {metric[1] for widget in body["widgets"] for metric in widget["properties"].get("metrics", [])}
    assert drawn == {metric.name for metric in RUN_METRICS}
    assert body["widgets"][0]["type"] == "alarm"
    assert len(body["widgets"][0]["properties"]["alarms"]) == 4 * 4
