"""The SageMaker pipeline: what is running, starting it once, and what became of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from functions.common.champion import read_parameter
from functions.common.clients import client
from functions.common.pipeline_result import read_decision
from functions.retrain.decision import Outcome
from functions.retrain.incidents import Incident
from monitoring_core.window import format_time

RUNNING: Final = frozenset({"Executing", "Stopping"})


class Pipeline(Protocol):
    """What retrains."""

    def running(self) -> str | None:
        """Return the name of an execution that is running, or None."""
        ...

    def start(self, incident: Incident) -> str:
        """Start an execution for an incident, or find the one that was; return its name."""
        ...

    def outcome(self, execution: str) -> Outcome | None:
        """Return what became of an execution; None while it is running."""
        ...


@dataclass(frozen=True, slots=True)
class SageMakerPipeline:
    """A pipeline of SageMaker.

    Attributes
    ----------
    configured : mapping of str to str
        Parameters that every execution gets.
    names : mapping of str to str
        Other names of our parameters, for a pipeline of another make; a parameter with an empty name is left out.
    champion : str
        SSM parameter of the model that was promoted; empty: the pipeline's own default is the champion.
    """

    name: str
    work: str
    configured: Mapping[str, str]
    names: Mapping[str, str]
    champion: str = ""

    def running(self) -> str | None:
        """Return the ARN of an execution that is running, or None; the 100 latest are looked at."""
        running = (e for e in self._latest() if e["PipelineExecutionStatus"] in RUNNING)
        return next((str(execution["PipelineExecutionArn"]) for execution in running), None)

    def start(self, incident: Incident) -> str:
        """Start an execution, or find the one that was started; return its ARN.

        SageMaker remembers a request's token for some hours only; the display name tells an earlier start for ever.
        """
        display_name = f"incident-{incident.client_request_token[:24]}"
        started = (e for e in self._latest() if e.get("PipelineExecutionDisplayName") == display_name)
        earlier = next(started, None)
        if earlier is not None:
            return str(earlier["PipelineExecutionArn"])
        told = _told(incident) | self._promoted()
        given = {**self.configured} | {self.names.get(name, name): value for name, value in told.items()}
        answer = client("sagemaker").start_pipeline_execution(
            PipelineName=self.name,
            PipelineExecutionDisplayName=display_name,
            ClientRequestToken=incident.client_request_token,
            PipelineParameters=[{"Name": name, "Value": value} for name, value in given.items() if name],
            PipelineExecutionDescription=f"Retraining of {incident.endpoint} for incident {incident.incident_id}",
        )
        return str(answer["PipelineExecutionArn"])

    def outcome(self, execution: str) -> Outcome | None:
        """Return what became of an execution; None while it is running."""
        answer = client("sagemaker").describe_pipeline_execution(PipelineExecutionArn=execution)
        if answer["PipelineExecutionStatus"] in RUNNING:
            return None
        if answer["PipelineExecutionStatus"] != "Succeeded":
            return Outcome.FAILED
        decision = read_decision(execution, self.work)
        return Outcome.REJECTED if decision is not None and not decision.better else Outcome.REGISTERED

    def _promoted(self) -> dict[str, str]:
        """Return which artifact a challenger has to beat, where another than the declared model was promoted."""
        text = read_parameter(self.champion) if self.champion else None
        package = json.loads(text).get("package") if text else None
        if not package:
            return {}
        told = client("sagemaker").describe_model_package(ModelPackageName=package)
        return {"ChampionModelUri": told["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]}

    def _latest(self) -> Iterator[dict[str, Any]]:
        answer = client("sagemaker").list_pipeline_executions(
            PipelineName=self.name, SortBy="CreationTime", SortOrder="Descending", MaxResults=100
        )
        yield from answer["PipelineExecutionSummaries"]


def _told(incident: Incident) -> dict[str, str]:
    """Return what an execution is told about its incident; nothing may be empty, so what is not known is left out."""
    window = {"WindowEnd": format_time(incident.window_end)} if incident.window_end else {}
    return {"IncidentId": incident.incident_id, "EvidenceUri": incident.evidence_uri, **window}
