"""Lambda handler: custom resource `Custom::WatchkeeperImage`.

Create and Update make sure that the image is in its repository. Delete does nothing: the repository goes, or stays,
with all its images.
"""

from __future__ import annotations

import time
from typing import Any, Final

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.common.custom_resource import CloudFormationRequest, RequestType, answering
from functions.image_build.building import ImageOrder, image_uri

logger = Logger(service="image_build")
tracer = Tracer(service="image_build")

ANSWER_MILLISECONDS: Final = 30_000
"""Time that is kept for the answer; without one the stack would wait for an hour."""


@logger.inject_lambda_context
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Do what CloudFormation asks, and tell it."""
    request = CloudFormationRequest.model_validate(event)
    with answering(request, logger) as given:
        given.physical_id = request.physical_resource_id or str(request.resource_properties.get("Repository", "none"))
        if request.request_type is not RequestType.DELETE:
            given.data = {"ImageUri": _image_uri(request, context)}


def _image_uri(request: CloudFormationRequest, context: LambdaContext) -> str:
    uri = image_uri(
        ImageOrder.model_validate(request.resource_properties),
        token=request.request_id,
        has_time=lambda: context.get_remaining_time_in_millis() > ANSWER_MILLISECONDS,
        wait=time.sleep,
    )
    logger.info("the image is there", extra={"image": uri})
    return uri
