"""The answers of an account, for `Exported`; only calls that read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from botocore.exceptions import ClientError

from functions.common.clients import client
from functions.common.storage import StorageError, read
from monitoring_core.errors import ConfigError
from watchkeeper.importing.exported import KINDS, Answer, Exported

_DESCRIBE: Final = {
    "DataQuality": "describe_data_quality_job_definition",
    "ModelQuality": "describe_model_quality_job_definition",
    "ModelBias": "describe_model_bias_job_definition",
    "ModelExplainability": "describe_model_explainability_job_definition",
}


def from_account(endpoint: str) -> Exported:
    """Ask about every monitoring schedule of an endpoint.

    Raises
    ------
    ConfigError
        If the endpoint has none.
    """
    sagemaker = client("sagemaker")
    names = [
        str(found["MonitoringScheduleName"])
        for page in sagemaker.get_paginator("list_monitoring_schedules").paginate(EndpointName=endpoint)
        for found in page["MonitoringScheduleSummaries"]
    ]
    if not names:
        raise ConfigError(f"the endpoint {endpoint!r} has no monitoring schedule here; check its name and the region")
    schedules = {name: sagemaker.describe_monitoring_schedule(MonitoringScheduleName=name) for name in names}
    definitions = dict(_definitions(sagemaker, schedules.values()))
    return Exported(
        read=_read,
        endpoint=sagemaker.describe_endpoint(EndpointName=endpoint),
        schedules=schedules,
        definitions=definitions,
        jobs=_found(sagemaker.describe_processing_job, "ProcessingJobName", _baselining_jobs(definitions.values())),
        alarms=tuple(_alarms(set(names))),
        alerts={name: sagemaker.list_monitoring_alerts(MonitoringScheduleName=name) for name in names},
    )


def _definitions(sagemaker: Any, schedules: Iterable[Answer]) -> Iterator[tuple[str, Answer]]:
    for schedule in schedules:
        config = schedule["MonitoringScheduleConfig"]
        name = config.get("MonitoringJobDefinitionName")
        if name and config.get("MonitoringType") in KINDS:
            yield name, getattr(sagemaker, _DESCRIBE[config["MonitoringType"]])(JobDefinitionName=name)


def _baselining_jobs(definitions: Iterable[Answer]) -> Iterator[str]:
    for definition in definitions:
        for key, value in definition.items():
            if key.endswith("BaselineConfig") and "BaseliningJobName" in value:
                yield value["BaseliningJobName"]


def _found(describe: Any, key: str, names: Iterable[str]) -> dict[str, Answer]:
    """Return the answers about what still exists."""
    answers: dict[str, Answer] = {}
    for name in names:
        try:
            answers[name] = describe(**{key: name})
        except ClientError as error:
            if error.response["Error"]["Code"] not in {"ValidationException", "ResourceNotFound"}:
                raise
    return answers


def _alarms(schedules: set[str]) -> Iterator[Answer]:
    """Yield the alarms on metrics of these schedules."""
    for page in client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmTypes=["MetricAlarm"]):
        for alarm in page["MetricAlarms"]:
            values = {one["Value"] for one in alarm.get("Dimensions", ()) if one["Name"] == "MonitoringSchedule"}
            if values & schedules:
                yield alarm


def _read(uri: str) -> bytes | None:
    try:
        return read(uri)
    except StorageError:
        return None
