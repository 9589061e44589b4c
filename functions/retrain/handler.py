"""Lambda handler: an alarm's incident is decided once, acted on once, told once, and closed.

Each step leaves its mark in the incident table after it is done. A crash between two steps is finished
by the redelivered event, which does what has no mark yet; the pipeline's request token makes a start
that was done but not marked harmless to repeat.
"""

from __future__ import annotations

import random
import time
from typing import Any, Final

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.common.alarm_event import AlarmState, AlarmStateChange
from functions.common.reports import FinishedRun, run_behind
from functions.retrain.compose import compose
from functions.retrain.decision import Verdict, decide
from functions.retrain.evidence import evidence_uri, write_evidence
from functions.retrain.incidents import Claim, Incident, IncidentTable
from functions.retrain.pipeline import running_execution, start_execution
from functions.retrain.settings import RetrainSettings
from monitoring_core.errors import WatchkeeperError

logger = Logger(service="retrain")
tracer = Tracer(service="retrain")

ATTEMPTS: Final = 8
BACKOFF_SECONDS: Final = 0.05


class ContendedError(WatchkeeperError):
    """Too many incidents of one endpoint are being decided at once."""


@logger.inject_lambda_context
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:  # noqa: ARG001 - Lambda's signature
    """Open, decide and act on an incident when its alarm enters ALARM; close it when the alarm leaves."""
    settings = RetrainSettings.from_environment()
    incidents = IncidentTable(settings.incident_table, settings.endpoint)
    change = AlarmStateChange.model_validate(event)
    incident_id = change.incident_id
    if incident_id is None:
        logger.info("the alarm neither enters nor leaves ALARM", extra={"alarm": change.detail.alarm_name})
        return {}
    if change.detail.state.value is not AlarmState.ALARM:
        incidents.close(incident_id, change.detail.state.since)
        logger.info("closed", extra={"incident_id": incident_id})
        return {"incident_id": incident_id}
    run = run_behind(change, settings.bucket, settings.endpoint)
    incident = incidents.get(incident_id) or _decide(incident_id, change, run, incidents, settings)
    incident = _finish(incident, change, run, incidents, settings)
    logger.info("decided", extra={"incident_id": incident_id, "decision": incident.decision})
    return {"incident_id": incident_id, "decision": incident.decision}


def _decide(
    incident_id: str,
    change: AlarmStateChange,
    run: FinishedRun | None,
    incidents: IncidentTable,
    settings: RetrainSettings,
) -> Incident:
    opened_at = change.detail.state.since
    for attempt in range(ATTEMPTS):
        revision = incidents.revision()
        executing = running_execution(settings.pipeline_name)
        claim = Claim(
            decision=decide(opened_at, incidents.decided(), executing, settings.policy),
            opened_at=opened_at,
            window_end=run.manifest.window.end if run else opened_at,
            evidence_uri=evidence_uri(settings.bucket, incident_id),
        )
        incident = incidents.claim(incident_id, claim, revision) or incidents.get(incident_id)
        if incident is not None:
            return incident
        logger.info("another incident was decided meanwhile", extra={"incident_id": incident_id, "attempt": attempt})
        time.sleep(random.uniform(0, BACKOFF_SECONDS * 2**attempt))  # noqa: S311 - spreads the claimants
    raise ContendedError(
        f"incident {incident_id} was not decided in {ATTEMPTS} attempts, because others of {settings.endpoint} were "
        "all the while; Lambda tries again"
    )


def _finish(
    incident: Incident,
    change: AlarmStateChange,
    run: FinishedRun | None,
    incidents: IncidentTable,
    settings: RetrainSettings,
) -> Incident:
    if incident.decision is Verdict.STARTED and incident.execution_arn is None:
        write_evidence(incident, change, run)
        arn = start_execution(settings.pipeline_name, settings.pipeline_parameters, incident)
        incident = incidents.record(incident.incident_id, name="execution_arn", value=arn)
    if incident.message_id is None:
        message_id = compose(incident, run.manifest if run else None).send(settings.topic_arn)
        incident = incidents.record(incident.incident_id, name="message_id", value=message_id)
    return incident
