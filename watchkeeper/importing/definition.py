"""A job definition of any kind under common names, and what the kinds share."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from infra.config.schedule import DAY, HOUR, Schedule, parse_schedule
from watchkeeper.importing.document import Document
from watchkeeper.importing.exported import KINDS, Answer, Exported

_OLD_NAMES: Final = {
    "BaselineConfig": "DataQualityBaselineConfig",
    "MonitoringAppSpecification": "DataQualityAppSpecification",
    "MonitoringOutputConfig": "DataQualityJobOutputConfig",
    "MonitoringResources": "JobResources",
}
"""Fields of a definition inside its schedule, as before 2020, by their later names."""
_DURATION: Final = re.compile(r"-?P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")
_DATASETS: Final = frozenset({"baseline_dataset_input", "dataset"})


@dataclass(frozen=True, slots=True)
class Definition:
    """What one schedule does.

    Attributes
    ----------
    type : str
        Amazon's ``MonitoringType``; also what the names of the definition's fields begin with.
    config : Document or None
        Clarify's ``analysis_config.json``, where it can be read.
    """

    schedule: Document
    document: Document
    type: str
    exported: Exported
    config: Document | None = None

    @property
    def kind(self) -> str:
        """Kind of our monitor."""
        return KINDS[self.type]

    def app(self, *path: str) -> Any:
        """Take a field of the application's section."""
        return self.document.take(f"{self.type}AppSpecification", *path)

    def source(self, *path: str) -> Any:
        """Take a field of the endpoint's input."""
        return self.document.take(f"{self.type}JobInput", "EndpointInput", *path)

    def labels(self) -> str | None:
        """Take the prefix of the labels."""
        found = self.document.take(f"{self.type}JobInput", "GroundTruthS3Input", "S3Uri")
        return None if found is None else f"{str(found).rstrip('/')}/"

    def lag(self) -> timedelta:
        """Take the offsets: how long after the events of a window they are analysed."""
        self.source("StartTimeOffset")
        return parse_offset(self.source("EndTimeOffset") or "")

    def files(self) -> dict[str, str]:
        """Take the URIs of the baseline's files, by their names."""
        section = f"{self.type}BaselineConfig"
        constraints = self.document.take(section, "ConstraintsResource", "S3Uri")
        statistics = self.document.take(section, "StatisticsResource", "S3Uri")
        name = "constraints.json" if self.type in {"DataQuality", "ModelQuality"} else "analysis.json"
        found = {name: constraints, "statistics.json": statistics}
        return {file: str(uri) for file, uri in found.items() if uri}

    def dataset(self) -> str | None:
        """Take the data set of the baselining job, where the job is known."""
        name = self.document.take(f"{self.type}BaselineConfig", "BaseliningJobName")
        job = self.exported.jobs.get(name or "", {})
        inputs = (one for one in job.get("ProcessingInputs", ()) if one["InputName"] in _DATASETS)
        return next((str(one["S3Input"]["S3Uri"]) for one in inputs), None)


def definitions(exported: Exported) -> list[Definition]:
    """Return what the schedules do, in the order of Amazon's kinds."""
    found = []
    for name, schedule in exported.schedules.items():
        config: Mapping[str, Any] = schedule["MonitoringScheduleConfig"]
        inline = config.get("MonitoringJobDefinition")
        kind = str(config.get("MonitoringType") or schedule.get("MonitoringType") or "DataQuality")
        named = str(config.get("MonitoringJobDefinitionName", ""))
        answer = _later_form(inline) if inline else exported.definitions.get(named, {})
        document = Document(named or f"{name} (definition)", answer)
        uri = answer.get(f"{kind}AppSpecification", {}).get("ConfigUri")
        analysis = _analysis_config(uri, exported)
        if analysis is not None:
            document.take(f"{kind}AppSpecification", "ConfigUri")
        found.append(Definition(Document(name, schedule), document, kind, exported, analysis))
    order = list(KINDS)
    return sorted(found, key=lambda one: order.index(one.type) if one.type in KINDS else len(order))


def _analysis_config(uri: str | None, exported: Exported) -> Document | None:
    body = None if uri is None else exported.read(uri)
    return None if uri is None or body is None else Document(uri, json.loads(body))


def parse_offset(text: str) -> timedelta:
    """Return how long before the schedule fires, e.g. ``-PT1H``.

    Examples
    --------
    >>> parse_offset("-P1D"), parse_offset("-PT3H"), parse_offset("")
    (datetime.timedelta(days=1), datetime.timedelta(seconds=10800), datetime.timedelta(0))
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        return timedelta(0)
    days, hours, minutes = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)


def duration_text(duration: timedelta) -> str:
    """Return a length of time as the configuration has it.

    Examples
    --------
    >>> duration_text(timedelta(days=1)), duration_text(timedelta(hours=26)), duration_text(timedelta(0))
    ('1d', '26h', '0m')
    """
    minutes = int(duration.total_seconds()) // 60
    for unit, size in (("d", DAY // 60), ("h", HOUR // 60)):
        if minutes and not minutes % size:
            return f"{minutes // size}{unit}"
    return f"{minutes}m"


def schedule_text(expression: str, *, managed: bool) -> str | None:
    """Return a schedule in our words, which wait for late capture files; None where there is no such schedule.

    Examples
    --------
    >>> [schedule_text(f"cron(0 {hour} ? * * *)", managed=False) for hour in ("*", "0", "0/6", "5")]
    ['hourly', 'daily', 'every 6 hours', 'cron(10 5 ? * * *)']
    >>> schedule_text("NOW", managed=False) is None
    True
    """
    try:
        schedule: Schedule = parse_schedule(expression)
    except ValueError:
        return None
    if schedule.offset_seconds == 0:
        plain = {HOUR: "hourly", DAY: "daily"}
        return plain.get(schedule.period_seconds, f"every {schedule.period_seconds // HOUR} hours")
    return expression if managed else expression.replace("cron(0 ", "cron(10 ", 1)


def _later_form(inline: Answer) -> Answer:
    renamed = {_OLD_NAMES.get(key, key): value for key, value in inline.items()}
    inputs = renamed.pop("MonitoringInputs", None)
    if inputs:
        renamed["DataQualityJobInput"] = inputs[0]
    return renamed
