"""The ledger: every day a function writes down which runs were sealed."""

from __future__ import annotations

import json
from typing import Final

from aws_cdk import aws_sqs
from constructs import Construct

from infra.config import EndpointConfig
from infra.constructs.functions import MonitorFunction
from infra.constructs.permissions import Grant, Place, list_objects, objects, use_key
from infra.constructs.scheduling import SCHEDULED_TIME, Scheduler
from infra.constructs.storage import Storage

_DAILY: Final = "cron(20 0 * * ? *)"
_RETRY_SECONDS: Final = 6 * 3600
_TIMEOUT_SECONDS: Final = 900


class DailyLedger(Construct):
    """Closes the ledger of each day, twenty minutes after it is over (UTC)."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: EndpointConfig,
        storage: Storage,
        dead_letters: aws_sqs.IQueue,
    ) -> None:
        super().__init__(scope, construct_id)
        bucket, layout = storage.bucket.bucket_name, storage.layout
        ledger = Place(bucket, layout.ledger)
        decided = (layout.identity, layout.retraining, layout.experiments)
        sealed = [Place(bucket, key) for key in (layout.reports, layout.baselines, *decided)]
        closing = MonitorFunction(
            self,
            "Function",
            name="ledger",
            config=config,
            key=storage.key,
            environment={"BUCKET": bucket, "ENDPOINT": config.name},
            grants=[
                *list_objects(self, [*sealed, ledger]),
                objects(self, [*sealed, ledger], "GetObject"),
                objects(self, [ledger], "PutObject"),
                use_key(storage.key.key_arn),
            ],
            dead_letters=dead_letters,
            timeout_seconds=_TIMEOUT_SECONDS,
        )
        start = Grant(("lambda:InvokeFunction",), (closing.function.function_arn,))
        scheduler = Scheduler(self, "SchedulerRole", start=start, key=storage.key.key_arn, dead_letters=dead_letters)
        scheduler.add(
            "Daily",
            description=f"Closes the ledger of {config.name}",
            expression=_DAILY,
            message=json.dumps({"scheduled_time": SCHEDULED_TIME}),
            max_age_seconds=_RETRY_SECONDS,
            attempts=5,
        )
