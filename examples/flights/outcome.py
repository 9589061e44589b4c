"""What happened, read back from the account: runs, alarms, incidents, retrainings, messages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from examples.flights.cloud import download, physical_name
from examples.flights.news import SHIFT, TRAFFIC, News, news, traffic_status
from functions.common.baselines import MOVES
from functions.common.contract import Manifest
from functions.promote.record import Champion, Deployment
from functions.retrain.incidents import Incident
from infra.config import EndpointConfig
from localaws.account import LocalAccount
from monitoring_core.checks.codec import load_evaluation
from monitoring_core.checks.evaluation import Evaluation, Measurement, Subject
from monitoring_core.metric_names import champion_parameter, schedule_name
from monitoring_core.report.sagemaker.bias import load_bias_analysis
from monitoring_core.report.timeline import TimelineRun


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a monitor, from its manifest and its evaluation in S3; without a verdict there is no evaluation."""

    manifest: Manifest
    timeline: TimelineRun
    evaluation: Evaluation | None

    @property
    def start(self) -> datetime:
        """Start of the window."""
        return self.manifest.window.start

    @property
    def violated(self) -> bool:
        """Whether anything was violated."""
        return self.timeline.violated

    def measured(self, metric: str, column: str = "", segment: str = "") -> Measurement | None:
        """Return a number of the run by its name."""
        wanted = (metric, Subject(column, segment))
        found = self.evaluation.measurements if self.evaluation else ()
        return next((m for m in found if (m.metric, m.subject) == wanted), None)


@dataclass(frozen=True, slots=True)
class AlarmChange:
    """One change of an alarm's state."""

    alarm: str
    time: datetime
    state: str
    previous: str
    reason: str

    @property
    def matters(self) -> bool:
        """Whether the alarm was raised, or is over."""
        return "ALARM" in (self.state, self.previous)


@dataclass(frozen=True, slots=True)
class Retraining:
    """One incident of the incident table, with the pipeline execution it started, if any."""

    incident: Incident
    status: str
    steps: tuple[str, ...]
    reason: str
    evaluation: dict[str, Any] | None


class Outcome:
    """Reads the account after (or during) the demo; nothing here is remembered from the replay itself."""

    def __init__(self, account: LocalAccount, config: EndpointConfig, stack: str, bucket: str) -> None:
        self._account, self._config, self._stack, self._bucket = account, config, stack, bucket
        self._sagemaker = account.client("sagemaker")

    def runs(self, monitor: str) -> list[Run]:
        """Every sealed run of a monitor, by window."""
        schedule = schedule_name(self._config.name, monitor)
        prefix = f"reports/{self._config.name}/{schedule}/"
        found = [self._run(key) for key in self._keys(prefix) if key.endswith("/manifest.json")]
        return sorted(found, key=lambda run: run.manifest.window)

    def alarm_changes(self) -> list[AlarmChange]:
        """Every time that one of the endpoint's alarms was raised or ended, in order."""
        entries = self._account.journal("alarm")
        changes = [change(entry) for entry in entries if entry["subject"].startswith(self._config.name)]
        return [change for change in changes if change.matters]

    def retrainings(self) -> list[Retraining]:
        """Every incident, by time, with what became of it."""
        items = self._items("LoopIncidents")
        found = [Incident.model_validate(item) for item in items if "decision" in item]  # beside them is a count
        return [self._retraining(incident) for incident in sorted(found, key=lambda one: str(one.opened_at))]

    def deployments(self) -> list[Deployment]:
        """Every deployment of a model, in the order in which they ended; one under way comes last."""
        items = self._items("ChampionDeployments")
        found = [Deployment.model_validate(item) for item in items if "status" in item]  # beside them is a count
        return sorted(found, key=lambda one: (one.ended_at is None, one.ended_at or one.requested_at))

    def champion(self) -> Champion:
        """Return what SSM names as the model in service."""
        name = champion_parameter(self._config.name)
        return Champion.model_validate_json(self._account.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])

    def rebound(self, model: str) -> list[str]:
        """Return the monitors whose baselines came into force for a model."""
        prefixes = {one.name: f"baselines/{self._config.name}/{one.name}/{MOVES}" for one in self._config.monitors}
        moves = [(name, self._read_json(self._uri(key))) for name in prefixes for key in self._keys(prefixes[name])]
        return list(dict.fromkeys(name for name, move in moves if move["model"] == model))

    def traffic(self, config_name: str) -> list[tuple[datetime, str]]:
        """Return when traffic moved to an endpoint configuration, as the events of the endpoint tell it."""
        shifts = [event for event in self._account.events() if event["detail-type"] == SHIFT]
        return [
            (datetime.fromisoformat(event["time"]), TRAFFIC[traffic_status(event["detail"])])
            for event in shifts
            if event["detail"]["PendingDeploymentSummary"]["EndpointConfigName"] == config_name
        ]

    def news(self) -> list[News]:
        """Return everything that was done about alarms, in order."""
        found = (news(entry, self._config.name) for entry in self._account.journal())
        return [one for one in found if one is not None]

    def messages(self) -> list[dict[str, Any]]:
        """Every message that the topic handed to a person, in order."""
        return [message for message in self._account.messages() if message["protocol"] == "email"]

    def executions(self) -> int:
        """Count the executions of the retraining pipeline."""
        name = f"{self._config.name}-retraining"
        return len(self._sagemaker.list_pipeline_executions(PipelineName=name)["PipelineExecutionSummaries"])

    def model_packages(self) -> list[dict[str, Any]]:
        """Versions in the model package group, oldest first."""
        answer = self._sagemaker.list_model_packages(
            ModelPackageGroupName=self._config.name, SortBy="CreationTime", SortOrder="Ascending"
        )
        packages: list[dict[str, Any]] = answer["ModelPackageSummaryList"]
        return packages

    def report(self, run: Run) -> bytes:
        """Return the HTML page of a run."""
        return download(self._account, str(run.manifest.report))

    def baseline_bias(self, run: Run) -> dict[str, float]:
        """Return the metrics of the bias baseline that a run was held against."""
        folder = f"baselines/{self._config.name}/{run.manifest.monitor}/{run.manifest.baseline_id}"
        analysis = load_bias_analysis(download(self._account, f"s3://{self._bucket}/{folder}/analysis.json"))
        return {metric.name: metric.value for facet in analysis.facets for metric in facet.metrics}

    def _items(self, table: str) -> list[dict[str, Any]]:
        """Return what is in a table of the stack, by the beginning of its logical id."""
        name = physical_name(self._account, self._stack, table)
        items = self._account.client("dynamodb").scan(TableName=name)["Items"]
        read = TypeDeserializer().deserialize
        return [{key: read(value) for key, value in item.items()} for item in items]

    def _keys(self, prefix: str) -> Iterator[str]:
        pages = self._account.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        yield from (item["Key"] for page in pages for item in page.get("Contents", []))

    def _uri(self, key: str) -> str:
        return f"s3://{self._bucket}/{key}"

    def _read_json(self, uri: str) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(download(self._account, uri))
        return content

    def _run(self, manifest_key: str) -> Run:
        folder = f"s3://{self._bucket}/{manifest_key.removesuffix('manifest.json')}"
        manifest = Manifest.model_validate_json(download(self._account, f"{folder}manifest.json"))
        if "evaluation.json" not in manifest.files:
            return Run(manifest, TimelineRun(manifest.window, manifest.status), None)
        evaluation = load_evaluation(download(self._account, f"{folder}evaluation.json"))
        page = f"runs/{manifest.window.start:%Y-%m-%d}.html" if evaluation.violations else ""
        return Run(manifest, TimelineRun.of(manifest.window, evaluation, href=page), evaluation)

    def _retraining(self, incident: Incident) -> Retraining:
        arn = incident.execution_arn
        if arn is None:
            return Retraining(incident, "", (), "", None)
        execution = self._sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
        listed = self._sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn, SortOrder="Ascending")
        steps = listed["PipelineExecutionSteps"]
        evaluation = None
        if any(step["StepName"] == "Evaluate" and step["StepStatus"] == "Succeeded" for step in steps):
            identifier = arn.rpartition("/")[2]
            uri = f"s3://{self._bucket}/retraining/{self._config.name}/{identifier}/evaluate/evaluation/evaluation.json"
            evaluation = self._read_json(uri)
        return Retraining(
            incident,
            execution["PipelineExecutionStatus"],
            tuple(f"{step['StepName']} {step['StepStatus']}" for step in steps),
            next((step["FailureReason"] for step in steps if step.get("FailureReason")), ""),
            evaluation,
        )


def change(entry: dict[str, Any]) -> AlarmChange:
    """Read an alarm's entry in the account's journal."""
    detail = entry["detail"]
    time = datetime.fromisoformat(entry["time"])
    return AlarmChange(entry["subject"], time, detail["state"], detail["previous"], detail["reason"])
