"""What is known about an endpoint's monitoring: asked of an account, or read from exported answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from monitoring_core.errors import ConfigError, DataError

KINDS: Final = {
    "DataQuality": "data-quality",
    "ModelQuality": "model-quality",
    "ModelBias": "model-bias",
    "ModelExplainability": "model-explainability",
}
"""Our kinds by Amazon's ``MonitoringType``."""

Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Exported:
    """Answers of AWS by name, and a way to the files that they mention.

    Attributes
    ----------
    endpoint : mapping
        ``DescribeEndpoint`` or ``DescribeEndpointConfig``: says where traffic is captured.
    jobs, models : mapping
        Baselining jobs and models that the definitions mention.
    alerts : mapping
        ``ListMonitoringAlerts`` by schedule.
    read : callable
        Content of an S3 URI; None where it is not to be had.
    """

    read: Callable[[str], bytes | None]
    endpoint: Answer = field(default_factory=dict)
    schedules: Mapping[str, Answer] = field(default_factory=dict)
    definitions: Mapping[str, Answer] = field(default_factory=dict)
    jobs: Mapping[str, Answer] = field(default_factory=dict)
    models: Mapping[str, Answer] = field(default_factory=dict)
    alarms: tuple[Answer, ...] = ()
    alerts: Mapping[str, Answer] = field(default_factory=dict)


def from_files(folder: Path) -> Exported:
    """Read a folder of JSON files, each one answer of the AWS command line; names do not matter.

    Files that the answers mention lie beside them as ``<bucket>/<key>``, or by their last name alone.

    Raises
    ------
    ConfigError
        If the folder holds no monitoring schedule.
    """
    answers = [answer for path in sorted(folder.rglob("*.json")) if (answer := _answer(path)) is not None]
    schedules = {str(one["MonitoringScheduleName"]): one for one in answers if "MonitoringScheduleConfig" in one}
    if not schedules:
        raise ConfigError(
            f"{folder} holds no answer of describe-monitoring-schedule; save it with "
            "`aws sagemaker describe-monitoring-schedule --monitoring-schedule-name NAME > schedule.json`"
        )
    return Exported(
        read=lambda uri: _read_beside(folder, uri),
        endpoint=next((one for one in answers if "DataCaptureConfig" in one), {}),
        schedules=schedules,
        definitions=_by_name(answers, "JobDefinitionName"),
        jobs=_by_name(answers, "ProcessingJobName"),
        models=_by_name(answers, "ModelName"),
        alarms=tuple(alarm for one in answers for alarm in one.get("MetricAlarms", ())),
        alerts={
            str(one["MonitoringAlertSummaries"][0].get("MonitoringScheduleName", "")): one
            for one in answers
            if one.get("MonitoringAlertSummaries")
        },
    )


def _by_name(answers: Iterable[Answer], key: str) -> dict[str, Answer]:
    return {str(one[key]): one for one in answers if key in one and "ProductionVariants" not in one}


def _answer(path: Path) -> Answer | None:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read as JSON: {error}; remove it, or export it again") from error
    return found if isinstance(found, dict) else None


def _read_beside(folder: Path, uri: str) -> bytes | None:
    """Read what a URI names: at its whole path, else the one file with its last name."""
    whole = folder / uri.removeprefix("s3://")
    if whole.is_file():
        return whole.read_bytes()
    named = sorted(folder.rglob(uri.rpartition("/")[2] or "*"))
    return named[0].read_bytes() if len(named) == 1 and named[0].is_file() else None
