"""Lambda handler: custom resources around monitoring schedules, told apart by their type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.common.custom_resource import CloudFormationRequest, RequestType, answering
from functions.model_monitor.access import Access
from functions.model_monitor.analysis_config import AnalysisConfig
from functions.model_monitor.schedule_guard import ScheduleGuard
from functions.model_monitor.waiting import waiting

logger = Logger(service="model_monitor")
tracer = Tracer(service="model_monitor")

_RESOURCES: Final[Mapping[str, type[Access | AnalysisConfig | ScheduleGuard]]] = {
    "Custom::WatchkeeperModelMonitorAccess": Access,
    "Custom::WatchkeeperAnalysisConfig": AnalysisConfig,
    "Custom::WatchkeeperScheduleGuard": ScheduleGuard,
}


@logger.inject_lambda_context
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Do what CloudFormation asks, and tell it."""
    request = CloudFormationRequest.model_validate(event)
    with answering(request, logger) as given:
        resource = _RESOURCES[request.resource_type].model_validate(request.resource_properties)
        given.physical_id = resource.physical_id
        if request.request_type is RequestType.DELETE:
            resource.remove(waiting(context))
        else:
            given.data = resource.provide(waiting(context))
