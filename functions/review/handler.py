"""Lambda handler: after a run, a review file of its window and one message that asks for answers."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.common.clients import client
from functions.common.contract import MonitorRunCompleted
from functions.common.review import ROOT, ReviewOrder, write_items
from functions.common.storage import read_if_present, write
from functions.review.drawing import draw_window
from functions.review.settings import ReviewSettings

logger = Logger(service="review")
tracer = Tracer(service="review")


@logger.inject_lambda_context
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Ask once for each window.

    The mark that people were asked is written last: an event that comes again, or a run that is repeated, asks nothing.
    """
    settings = ReviewSettings.from_environment()
    window = MonitorRunCompleted.model_validate(event["detail"]).window
    place = f"s3://{settings.bucket}/{ROOT}/{settings.endpoint}/"
    asked = f"{place}asked/{window.compact()}.json"
    if read_if_present(asked) is not None:
        logger.info("asked before", extra={"window": str(window)})
        return {}
    drawn = draw_window(settings.capture_prefix, window, settings.selection)
    if not drawn.items:
        logger.info("nothing to ask", extra={"window": str(window), "objects": drawn.objects})
        return {}
    order = ReviewOrder(
        endpoint=settings.endpoint,
        window=window.compact(),
        file=f"{place}{window.compact()}.jsonl",
        items=len(drawn.items),
        objects=drawn.objects,
        objects_read=drawn.objects_read,
    )
    write(order.file, write_items(drawn.items))
    client("sqs").send_message(QueueUrl=settings.queue_url, MessageBody=order.model_dump_json())
    write(asked, order.model_dump_json().encode())
    logger.info("asked", extra=order.model_dump())
    return order.model_dump()
