"""Everything that is known about an endpoint's monitoring -> configuration, baselines and findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal

from monitoring_core.errors import ConfigError
from monitoring_core.metric_names import schedule_name
from watchkeeper.importing import alarms
from watchkeeper.importing.columns import columns, unreadable_paths
from watchkeeper.importing.definition import Definition, definitions, duration_text, schedule_text
from watchkeeper.importing.document import Document, Finding
from watchkeeper.importing.exported import KINDS, Exported
from watchkeeper.importing.machines import add_machines
from watchkeeper.importing.monitors import kept_in_file, section

Runtime = Literal["auto", "managed"]

_AMAZON_IMAGES: Final = ("/sagemaker-model-monitor-analyzer", "/sagemaker-clarify-processing")
_NAME_LIMIT: Final = 63
_SHORT: Final = {
    "data-quality": "data",
    "model-quality": "quality",
    "model-bias": "bias",
    "model-explainability": "shap",
}
_ADVICE: Final = {
    "RoleArn": "the stack makes roles of its own",
    "KmsKeyId": "the stack encrypts with a key of its own",
    "VolumeKmsKeyId": "the stack encrypts with a key of its own",
    "S3Uri": "reports go to the stack's own bucket",
    "ImageUri": "an analyzer of your own: write it as a custom monitor (docs/monitors.md), or keep its schedule",
    "ContainerEntrypoint": "belongs to an analyzer of your own",
    "ContainerArguments": "belongs to an analyzer of your own",
    "Environment": "variables of Amazon's container have no meaning here",
    "RecordPreprocessorSourceUri": "scripts run with `runtime: managed` only (--runtime managed)",
    "PostAnalyticsProcessorSourceUri": "scripts run with `runtime: managed` only (--runtime managed)",
    "JobResources": "our runtimes choose their machines; see the section `runtime`",
    "MaxRuntimeInSeconds": "our runtimes have limits of their own; see the section `runtime`",
    "NetworkConfig": "see `runtime.processing.network` for jobs in a VPC",
    "AlarmActions": "name people in `alarms.notify.email`, or subscribe to the stack's topic",
    "OKActions": "subscribe to the stack's topic",
    "InsufficientDataActions": "subscribe to the stack's topic",
    "TreatMissingData": "see `alarms.missing_data`, which holds for all monitors",
    "ScheduleExpression": "our schedules repeat at equal distances; `daily` was written instead",
    "baseline": "give records in `baseline`; left out, a summary of the baseline data is used",
    "predictor": "our explainer asks the model file itself",
    "report": "the report has its own form",
    "BatchTransformInput": "watch transform jobs with `batch_transform` in the place of `endpoint`",
    "ExcludeFeaturesAttribute": "leave the columns out of `schema.features`, or ignore them",
    "FeaturesAttribute": "JSON is flattened to columns: name them in `schema.features`",
}


@dataclass(frozen=True, slots=True)
class ImportedMonitor:
    """One monitor, and the files it was held against."""

    name: str
    kind: str
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Imported:
    """What is written.

    Attributes
    ----------
    document : mapping
        The configuration, not checked yet.
    """

    document: dict[str, Any]
    monitors: tuple[ImportedMonitor, ...]
    findings: tuple[Finding, ...]


def convert(exported: Exported, *, runtime: Runtime = "auto", dataset: str | None = None) -> Imported:
    """Return the configuration that says the same, the baselines' files, and what cannot be said.

    Parameters
    ----------
    dataset : str, optional
        S3 URI of the data set for monitors whose baseline must be made anew; by default that of the baselining job.

    Raises
    ------
    ConfigError
        If the schedules are of several endpoints, or of none.
    """
    found = definitions(exported)
    known = [one for one in found if one.type in KINDS]
    endpoint = _endpoint(known)
    named = _named(known, endpoint)
    findings = [
        Finding(one.schedule.name, "MonitoringType", one.type, "no such kind of monitor")
        for one in found
        if one not in known
    ]
    schema = columns(known).section
    monitors = {name: _monitor(name, one, runtime) for name, one in named}
    findings += unreadable_paths(known)
    for name, one in named:
        findings += _add_alarms(monitors[name], one, exported)
    document = {
        "endpoint": {"name": endpoint, "existing": True},
        "capture": _capture(exported),
        "schema": schema,
        **_baseline(named, monitors, dataset),
        **_labels(known),
        "monitors": list(monitors.values()),
    }
    if runtime == "managed":
        machine: dict[str, Any] = {}
        for one in known:
            add_machines(machine, one)
        document["runtime"] = {"managed": machine}
    files = tuple(ImportedMonitor(name, one.kind, _files(one)) for name, one in named)
    findings += [finding for one in known for finding in _left(one)]
    return Imported({key: value for key, value in document.items() if value}, files, tuple(findings))


def _endpoint(known: Sequence[Definition]) -> str:
    names = {
        str(name) for one in known for name in (one.schedule.take("EndpointName"), one.source("EndpointName")) if name
    }
    if len(names) != 1:
        given = ", ".join(sorted(names)) or "none"
        raise ConfigError(
            f"one configuration is about one endpoint; these schedules are of {given}; import one at a time"
        )
    return names.pop()


def _named(known: Sequence[Definition], endpoint: str) -> list[tuple[str, Definition]]:
    """Name the monitors by their kinds, in short where the endpoint's name is long; a second one has a number."""
    before: dict[str, int] = {}
    named = []
    for one in known:
        before[one.kind] = before.get(one.kind, 0) + 1
        number = "" if before[one.kind] == 1 else f"-{before[one.kind]}"
        full = f"{one.kind}{number}"
        fits = len(schedule_name(endpoint, full)) <= _NAME_LIMIT
        named.append((full if fits else f"{_SHORT[one.kind]}{number}", one))
    return named


def _monitor(name: str, one: Definition, runtime: Runtime) -> dict[str, Any]:
    monitor = {"kind": one.kind, "schedule": _schedule(one, runtime)}
    if name != one.kind:
        monitor["name"] = name
    if runtime == "managed":
        monitor["runtime"] = "managed"
    return monitor | section(one)


def _schedule(one: Definition, runtime: Runtime) -> str:
    """Take the schedule; one that we do not have stays a finding, and the monitor runs daily."""
    place = ("MonitoringScheduleConfig", "ScheduleConfig", "ScheduleExpression")
    config = one.schedule.data["MonitoringScheduleConfig"].get("ScheduleConfig", {})
    text = schedule_text(str(config.get("ScheduleExpression", "")), managed=runtime == "managed")
    if text is not None:
        one.schedule.take(*place)
    return text or "daily"


def _add_alarms(monitor: dict[str, Any], one: Definition, exported: Exported) -> Iterator[Finding]:
    alert = exported.alerts.get(one.schedule.name)
    if alert:
        alarms.add_alert(monitor, Document(one.schedule.name, alert))
    for answer in exported.alarms:
        if alarms.schedule_of(answer).lower() != one.schedule.name.lower():
            continue
        alarm = Document(f"alarm {answer.get('AlarmName')}", answer)
        if not alarms.add_alarm(monitor, alarm):
            yield Finding(
                alarm.name, "MetricName", str(answer.get("MetricName")), "no limit of this product is about it"
            )
            continue
        yield from (_finding(alarm.name, setting, value) for setting, value in alarm.left() if value not in ([], None))


def _capture(exported: Exported) -> dict[str, Any]:
    config = exported.endpoint.get("DataCaptureConfig", {})
    destination = config.get("DestinationS3Uri")
    found = {"destination": f"{destination.rstrip('/')}/"} if destination else {}
    key = str(config.get("KmsKeyId", ""))
    return found | ({"kms_key": key} if key.startswith("arn:") else {})


def _baseline(
    named: Sequence[tuple[str, Definition]], monitors: Mapping[str, dict[str, Any]], dataset: str | None
) -> dict[str, Any]:
    """Use the files of data quality as they are; other kinds' baselines are made anew from their data set."""
    own = next((one.files() for _, one in named if one.kind == "data-quality"), {})
    has_files = {"statistics.json", "constraints.json"} <= own.keys()
    for name, one in named:
        data = dataset or one.dataset()
        if data and not (one.kind == "data-quality" and has_files):
            monitors[name]["dataset"] = data
    if has_files:
        return {"baseline": {"statistics": own["statistics.json"], "constraints": own["constraints.json"]}}
    common = {one["dataset"] for one in monitors.values() if "dataset" in one}
    if len(common) == 1:
        for monitor in monitors.values():
            monitor.pop("dataset", None)
    return {"baseline": {"dataset": min(common)}} if common else {}


def _labels(known: Sequence[Definition]) -> dict[str, Any]:
    prefixes = [prefix for one in known if (prefix := one.labels())]
    if not prefixes:
        return {}
    lag = max((one.lag() for one in known), default=timedelta(0))
    return {"ground_truth": {"prefix": prefixes[0], "lag": duration_text(lag)}}


def _files(one: Definition) -> dict[str, bytes]:
    bodies = {name: one.exported.read(uri) for name, uri in one.files().items()}
    return {name: body for name, body in bodies.items() if body is not None}


def _left(one: Definition) -> Iterator[Finding]:
    """Yield the fields that nothing took."""
    if not one.document.data:
        advice = "its definition was not exported: save the answer of describe-...-job-definition beside it"
        yield Finding(one.schedule.name, "MonitoringJobDefinitionName", one.document.name, advice)
    image = str(one.document.data.get(f"{one.type}AppSpecification", {}).get("ImageUri", ""))
    if any(name in image for name in _AMAZON_IMAGES):
        one.app("ImageUri")
    for name, uri in one.files().items():
        if one.exported.read(uri) is None:
            yield Finding(one.document.name, name, uri, "cannot be read: copy the file into the folder of the baseline")
    one.schedule.take("MonitoringScheduleName")
    one.schedule.take("MonitoringType")
    one.schedule.take("MonitoringScheduleConfig", "MonitoringType")
    one.schedule.take("MonitoringScheduleConfig", "MonitoringJobDefinition")
    for document in filter(None, (one.schedule, one.document, one.config)):
        yield from (_finding(document.name, setting, value) for setting, value in document.left())
    yield from kept_in_file(one)


def _finding(source: str, setting: str, value: Any) -> Finding:
    advice = next((_ADVICE[part] for part in reversed(setting.split(".")) if part in _ADVICE), "no counterpart")
    return Finding(source, setting, str(value), advice)
