"""Lambda handler: custom resource `Custom::WatchkeeperBucketContents`.

Create and Update do nothing. Delete empties the bucket, provided that it allows it.
"""

from __future__ import annotations

from typing import Any, Final

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.common.custom_resource import CloudFormationRequest, RequestType, answering
from functions.empty_bucket.emptying import empty, may_be_emptied

logger = Logger(service="empty_bucket")
tracer = Tracer(service="empty_bucket")

ANSWER_MILLISECONDS: Final = 30_000
"""Time that is kept for the answer; without one the stack would wait for an hour."""


@logger.inject_lambda_context
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Do what CloudFormation asks, and tell it."""
    request = CloudFormationRequest.model_validate(event)
    bucket = str(request.resource_properties.get("Bucket", ""))
    with answering(request, logger) as given:
        given.physical_id = request.physical_resource_id or bucket
        if request.request_type is RequestType.DELETE:
            _empty(bucket, context)


def _empty(bucket: str, context: LambdaContext) -> None:
    if not may_be_emptied(bucket):
        logger.info("the bucket is kept", extra={"bucket": bucket})
        return
    deleted = empty(bucket, lambda: context.get_remaining_time_in_millis() > ANSWER_MILLISECONDS)
    logger.info("emptied", extra={"bucket": bucket, "deleted": deleted})
