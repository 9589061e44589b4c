"""What the stacks have that is no resource of an AWS service."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel

from monitoring_core.artifacts import BaselineFiles, make_baseline
from monitoring_core.dataset import Source, read_dataset
from monitoring_core.explain.archive import find_model_file
from monitoring_core.spec import MonitorSpec
from tests.local.deploy.readers.shape import Client, Properties, Reader, only


class Monitored(BaseModel):
    """The specification of a monitor of any kind."""

    spec: MonitorSpec


def current_baseline(client: Client, bucket: str, physical_id: str) -> tuple[str, dict[str, Any]]:
    """Return folder and ``baseline.json`` of the baseline in force."""
    prefix = f"baselines/{physical_id}"
    pointer = json.loads(_get(client, f"s3://{bucket}/{prefix}/current.json"))
    folder = f"s3://{bucket}/{prefix}/{pointer['baseline_id']}"
    return folder, json.loads(_get(client, f"{folder}/baseline.json"))


def _baseline(client: Client, physical_id: str, expected: Properties) -> Properties:
    """Read what the custom resource has made.

    Its inputs are not stored as such. Where the same inputs give the same baseline, byte by byte, they are what was
    used.
    """
    _, info = current_baseline(client, expected["Bucket"], physical_id)
    endpoint, monitor = physical_id.split("/")
    found = {"Bucket": expected["Bucket"], "Endpoint": endpoint, "Monitor": monitor, "Model": info["model"]}
    assert info["monitor"] == monitor
    if "Dataset" in expected:
        same = _made(client, expected).baseline_id == info["baseline_id"]
        inputs = {"Compat", "PeriodSeconds", "Spec", "TimeColumn"} & expected.keys()
        return {**found, "Dataset": info["dataset"], **({name: expected[name] for name in inputs} if same else {})}
    files = {name.lower() + ".json": _get(client, expected[name]) for name in ("Statistics", "Constraints")}
    same = BaselineFiles(files).baseline_id == info["baseline_id"]
    return {**found, "Statistics": info["dataset"], **({"Constraints": expected["Constraints"]} if same else {})}


def chosen_config(client: Client, table: str, endpoint: str) -> dict[str, str]:
    """Return what the stack deploys, as its table of deployments says."""
    rows = client("dynamodb").query(
        TableName=table,
        KeyConditionExpression="endpoint = :endpoint AND begins_with(deployment_id, :kind)",
        ExpressionAttributeValues={":endpoint": {"S": endpoint}, ":kind": {"S": "deployment@"}},
    )["Items"]
    return {name: value["S"] for name, value in only(rows).items() if "S" in value}


def _champion(client: Client, physical_id: str, expected: Properties) -> Properties:
    """Read the configuration that was chosen: the template's own, as long as nothing is promoted."""
    chosen = chosen_config(client, expected["DeploymentTable"], physical_id)
    config = client("sagemaker").describe_endpoint_config(EndpointConfigName=chosen["config_name"])
    changed = only(one for one in config["ProductionVariants"] if one["ModelName"] == chosen["model_name"])
    return {
        "Endpoint": chosen["endpoint"],
        "Variant": changed["VariantName"],
        "Declared": chosen["declared"],
        "ConfigName": chosen["config_name"],
        "DeploymentTable": expected["DeploymentTable"],
    }


def _contents(client: Client, physical_id: str, _: Properties) -> Properties:
    """Read the contents, which are there as long as the bucket is."""
    client("s3").head_bucket(Bucket=physical_id)
    return {"Bucket": physical_id}


def analysis_config(client: Client, prefix: str) -> str:
    """Return where the one configuration below the prefix is."""
    bucket, _, key = prefix.removeprefix("s3://").partition("/")
    (found,) = client("s3").list_objects_v2(Bucket=bucket, Prefix=key)["Contents"]
    return f"s3://{bucket}/{found['Key']}"


def _analysis_config(client: Client, physical_id: str, _: Properties) -> Properties:
    return {"Prefix": physical_id, "Document": _get(client, analysis_config(client, physical_id)).decode()}


def _schedule_guard(client: Client, physical_id: str, _: Properties) -> Properties:
    """Read the alert of the schedule."""
    alerts = client("sagemaker").list_monitoring_alerts(MonitoringScheduleName=physical_id)
    (alert,) = alerts["MonitoringAlertSummaries"]
    numbers = {name: str(alert[name]) for name in ("DatapointsToAlert", "EvaluationPeriod")}
    return {"Schedule": physical_id, **numbers}


def _access(_: Client, physical_id: str, __: Properties) -> Properties:
    return {"Probe": physical_id}


def _made(client: Client, expected: Properties) -> BaselineFiles:
    spec = Monitored.model_validate({"spec": json.loads(expected["Spec"])}).spec
    model_file = getattr(spec, "model_file", None)
    return make_baseline(
        spec,
        read_dataset(Source(expected["Dataset"], _get(client, expected["Dataset"]))),
        model=expected["Model"],
        dataset=expected["Dataset"],
        dataset_sha256="",
        created_at=datetime.now(UTC),
        time_column=expected["TimeColumn"] or None,
        period=timedelta(seconds=int(expected["PeriodSeconds"])),
        model_file=find_model_file(_get(client, model_file), model_file) if model_file else None,
        compat=expected.get("Compat") == "aws",
    )


def _get(client: Client, uri: str) -> bytes:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    body: bytes = client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return body


def _nothing(*_: object) -> Properties:
    return {}


READERS: Mapping[str, Reader] = {
    "AWS::CDK::Metadata": _nothing,
    "Custom::WatchkeeperAnalysisConfig": _analysis_config,
    "Custom::WatchkeeperBaseline": _baseline,
    "Custom::WatchkeeperBucketContents": _contents,
    "Custom::WatchkeeperChampion": _champion,
    "Custom::WatchkeeperModelMonitorAccess": _access,
    "Custom::WatchkeeperScheduleGuard": _schedule_guard,
}
