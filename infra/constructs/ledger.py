"""The ledger: every day a function writes down which runs were sealed."""

from __future__ import annotations

import json
from typing import Final

from aws_cdk import aws_scheduler, aws_sqs
from constructs import Construct

from infra.config import EndpointConfig
from infra.constructs.functions import MonitorFunction
from infra.constructs.permissions import Grant, Place, list_objects, objects, service_role, use_key
from infra.constructs.storage import Storage

_DAILY: Final = "cron(20 0 * * ? *)"
_RETRY_SECONDS: Final = 6 * 3600
_TIMEOUT_SECONDS: Final = 900
_Schedule = aws_scheduler.CfnSchedule


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
        reports, baselines, ledger = (Place(bucket, key) for key in (layout.reports, layout.baselines, layout.ledger))
        closing = MonitorFunction(
            self,
            "Function",
            name="ledger",
            config=config,
            key=storage.key,
            environment={"BUCKET": bucket, "ENDPOINT": config.name},
            grants=[
                *list_objects(self, [reports, baselines, ledger]),
                objects(self, [reports, baselines, ledger], "GetObject"),
                objects(self, [ledger], "PutObject"),
                use_key(storage.key.key_arn),
            ],
            dead_letters=dead_letters,
            timeout_seconds=_TIMEOUT_SECONDS,
        )
        arn = closing.function.function_arn
        role = service_role(
            self,
            "SchedulerRole",
            "scheduler",
            [
                Grant(("lambda:InvokeFunction",), (arn,)),
                Grant(("sqs:SendMessage",), (dead_letters.queue_arn,)),
                use_key(storage.key.key_arn),
            ],
        )
        daily = _Schedule(
            self,
            "Daily",
            description=f"Closes the ledger of {config.name}",
            schedule_expression=_DAILY,
            schedule_expression_timezone="UTC",
            flexible_time_window=_Schedule.FlexibleTimeWindowProperty(mode="OFF"),
            kms_key_arn=storage.key.key_arn,
            target=_Schedule.TargetProperty(
                arn=arn,
                role_arn=role.role_arn,
                input=json.dumps({"scheduled_time": "<aws.scheduler.scheduled-time>"}),
                dead_letter_config=_Schedule.DeadLetterConfigProperty(arn=dead_letters.queue_arn),
                retry_policy=_Schedule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=_RETRY_SECONDS, maximum_retry_attempts=5
                ),
            ),
        )
        daily.node.add_dependency(role)
