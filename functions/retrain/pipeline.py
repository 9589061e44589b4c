"""The SageMaker pipeline: what is running, and starting it once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from functions.common.clients import client
from functions.retrain.incidents import Incident
from monitoring_core.window import format_time

RUNNING: Final = frozenset({"Executing", "Stopping"})


def running_execution(pipeline_name: str) -> str | None:
    """Return the ARN of an execution that is running, or None; the 100 latest are looked at."""
    answer = client("sagemaker").list_pipeline_executions(
        PipelineName=pipeline_name, SortBy="CreationTime", SortOrder="Descending", MaxResults=100
    )
    running = (e for e in answer["PipelineExecutionSummaries"] if e["PipelineExecutionStatus"] in RUNNING)
    return next((str(execution["PipelineExecutionArn"]) for execution in running), None)


def start_execution(pipeline_name: str, configured: Mapping[str, str], incident: Incident) -> str:
    """Start the pipeline for an incident; asking again gives the same execution. Return its ARN."""
    parameters = {
        **configured,
        "IncidentId": incident.incident_id,
        "EvidenceUri": incident.evidence_uri,
        "WindowEnd": format_time(incident.window_end),
    }
    answer = client("sagemaker").start_pipeline_execution(
        PipelineName=pipeline_name,
        ClientRequestToken=incident.client_request_token,
        PipelineParameters=[{"Name": name, "Value": value} for name, value in parameters.items()],
        PipelineExecutionDescription=f"Retraining of {incident.endpoint} for incident {incident.incident_id}",
    )
    return str(answer["PipelineExecutionArn"])
