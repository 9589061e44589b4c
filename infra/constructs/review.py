"""The review queue: after each run of data quality, a function asks people about some predictions."""

from __future__ import annotations

import json
from typing import Any

from aws_cdk import CfnOutput, Duration, aws_events, aws_events_targets, aws_sqs
from constructs import Construct

from infra.config import EndpointConfig
from infra.config.review import Review
from infra.constructs.functions import MonitorFunction
from infra.constructs.permissions import Grant, Place, decrypt, list_objects, objects, use_key
from infra.constructs.storage import Storage
from infra.runtimes.run_specs import capture_keys, capture_prefix


class ReviewQueue(Construct):
    """Queue of review files, and the function that fills it.

    Attributes
    ----------
    queue : Queue
        One message for each file that waits for answers.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: EndpointConfig,
        review: Review,
        storage: Storage,
        dead_letters: aws_sqs.IQueue,
    ) -> None:
        super().__init__(scope, construct_id)
        self.queue = aws_sqs.Queue(
            self,
            "Queue",
            encryption=aws_sqs.QueueEncryption.KMS,
            encryption_master_key=storage.key,
            enforce_ssl=True,
            retention_period=Duration.days(14),
            visibility_timeout=Duration.hours(1),
            dead_letter_queue=aws_sqs.DeadLetterQueue(queue=dead_letters, max_receive_count=10),
        )
        bucket, captured = storage.bucket.bucket_name, capture_prefix(config, storage)
        capture, kept = Place.of(captured), Place(bucket, storage.layout.review)
        filling = MonitorFunction(
            self,
            "Function",
            name="review",
            config=config,
            key=storage.key,
            environment={
                "BUCKET": bucket,
                "ENDPOINT": config.name,
                "CAPTURE_PREFIX": captured,
                "QUEUE_URL": self.queue.queue_url,
                "SELECTION": json.dumps(_selection(config, review)),
            },
            grants=[
                *list_objects(self, [capture, kept]),
                objects(self, [capture, kept], "GetObject"),
                objects(self, [kept], "PutObject"),
                Grant(("sqs:SendMessage",), (self.queue.queue_arn,)),
                use_key(storage.key.key_arn),
                *decrypt(*capture_keys(config)),
            ],
            dead_letters=dead_letters,
        )
        watched = next(monitor.name for monitor in config.monitors if monitor.kind == "data-quality")
        aws_events.Rule(
            self,
            "RunCompleted",
            description=f"Asks people about predictions of {config.name} when a window has been analysed",
            event_pattern=aws_events.EventPattern(
                source=["watchkeeper"],
                detail_type=["Monitor Run Completed"],
                detail={
                    "endpoint": [config.name],
                    "monitor": [watched],
                    "status": ["Completed", "CompletedWithViolations"],
                },
            ),
            targets=[
                aws_events_targets.LambdaFunction(
                    filling.function,
                    dead_letter_queue=dead_letters,
                    retry_attempts=10,
                    max_event_age=Duration.hours(6),
                )
            ],
        )
        CfnOutput(self, "Url", value=self.queue.queue_url, description="Queue of review files")


def _selection(config: EndpointConfig, review: Review) -> dict[str, Any]:
    """Return the function's `Selection`."""
    return {
        "columns": config.columns.model_dump(mode="json"),
        "probability": config.data_schema.probability or "",
        "between": review.probability_between,
        "segments": [segment.model_dump(mode="json") for segment in review.segments],
        "custom_attribute": review.custom_attribute or "",
        "max_per_window": review.max_per_window,
        "raw_rows": review.raw_rows,
    }
