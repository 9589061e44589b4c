"""From an alarm to people and to retraining, and from retraining to people: one rule each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from aws_cdk import (
    CfnOutput,
    Duration,
    RemovalPolicy,
    aws_cloudwatch,
    aws_dynamodb,
    aws_events,
    aws_events_targets,
)
from constructs import Construct

from infra.config import EndpointConfig
from infra.config.monitors import Monitor
from infra.config.operations import Retraining
from infra.constructs.champion import promoted_parameter, read_promoted
from infra.constructs.functions import MonitorFunction
from infra.constructs.messaging import Messaging
from infra.constructs.permissions import (
    Grant,
    Place,
    list_objects,
    objects,
    use_key,
    use_table_key,
)
from infra.constructs.scheduling import SCHEDULED_TIME, Scheduler
from infra.constructs.storage import Storage
from monitoring_core.metric_names import schedule_name

_RECONCILE: Final = "cron(7/15 * * * ? *)"
_RECONCILE_SECONDS: Final = 900


class Loop(Construct):
    """Notification of every alarm's change and of the end of a retraining, and retraining after violations.

    Attributes
    ----------
    incidents : Table or None
        What was raised, decided and done; None where nothing is retrained.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: EndpointConfig,
        storage: Storage,
        messaging: Messaging,
    ) -> None:
        super().__init__(scope, construct_id)
        self._config, self._storage, self._messaging = config, storage, messaging
        self.incidents: aws_dynamodb.Table | None = None

    def notify(self, alarms: Sequence[aws_cloudwatch.Alarm], pipeline_arn: str | None) -> None:
        """Send one readable message to the topic when one of the alarms changes, or when a retraining ends."""
        text = aws_dynamodb.AttributeType.STRING
        seen = self._table("Messages", aws_dynamodb.Attribute(name="id", type=text), ttl="expiration")
        actions = ("dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
        function = self._function(
            "notify",
            environment={
                "IDEMPOTENCY_TABLE": seen.table_name,
                "MONITORS": json.dumps({self._schedule_name(one): one.kind for one in self._config.monitors}),
                **self._about_retraining(),
            },
            grants=[Grant(actions, (seen.table_arn,)), *self._read_executions(pipeline_arn)],
        )
        self._on_state_change("AlarmChanged", "Tells people", alarms, function)
        if pipeline_arn:
            self._on_retraining_ended("RetrainingEnded", "Tells people", pipeline_arn, function)

    def retrain(
        self,
        violations: Sequence[tuple[Monitor, aws_cloudwatch.Alarm]],
        retraining: Retraining,
        pipeline_arn: str,
    ) -> None:
        """Start the pipeline, once per incident, when violations ask for it."""
        alarms = [alarm for _, alarm in violations]
        text = aws_dynamodb.AttributeType.STRING
        incidents = self.incidents = self._table(
            "Incidents",
            aws_dynamodb.Attribute(name="endpoint", type=text),
            sort_key=aws_dynamodb.Attribute(name="incident_id", type=text),
        )
        function = self._function(
            "retrain",
            environment={
                "INCIDENT_TABLE": incidents.table_name,
                "PIPELINE_NAME": pipeline_arn.rpartition("/")[2],
                "ALARMS": json.dumps({self._alarm_name(monitor): self._watched(monitor) for monitor, _ in violations}),
                **self._policy(retraining),
                "CHAMPION_PARAMETER": promoted_parameter(self._config),
            },
            grants=self._retrain_grants(incidents, alarms, pipeline_arn),
        )
        if retraining.ask == "alarms":
            self._on_state_change("ViolationsChanged", "Retrains the model", alarms, function)
        else:
            self._on_run(function)
        self._on_retraining_ended("RetrainingSettled", "Notes", pipeline_arn, function)
        self._orders(function, retraining)
        CfnOutput(self, "RetrainFunction", value=function.function.function_name)

    def _retrain_grants(
        self, incidents: aws_dynamodb.Table, alarms: Sequence[aws_cloudwatch.Alarm], pipeline_arn: str
    ) -> list[Grant]:
        kept = Place(self._storage.bucket.bucket_name, self._storage.layout.retraining)
        table_actions = ("dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem")
        executions = Grant(
            ("sagemaker:DescribePipelineExecution",),
            (f"{pipeline_arn}/execution/*",),
            wildcard="SageMaker names the executions of a pipeline.",
        )
        return [
            objects(self, [kept], "GetObject", "PutObject"),
            *list_objects(self, [kept]),
            Grant(table_actions, (incidents.table_arn,)),
            Grant(("sagemaker:ListPipelineExecutions", "sagemaker:StartPipelineExecution"), (pipeline_arn,)),
            executions,
            Grant(("cloudwatch:DescribeAlarms",), tuple(alarm.alarm_arn for alarm in alarms)),
            *read_promoted(self, self._config),
        ]

    def _policy(self, retraining: Retraining) -> dict[str, str]:
        """Return what the function decides by; what is not configured is left out."""
        training = retraining.training
        labelled = [monitor for monitor in self._config.monitors if monitor.needs_labels]
        needed = retraining.min_labels or (training.min_labelled_rows if training and labelled else None)
        limits = {
            "MAX_REJECTED": retraining.max_rejected,
            "MONTHLY_BUDGET": retraining.monthly_budget_usd,
            "EXPECTED_COST": retraining.expected_cost_usd,
            "MIN_LABELS": needed if labelled else None,
            "LABELLED_SCHEDULE": self._schedule_name(labelled[0]) if labelled else None,
            "MAX_AGE_SECONDS": int(training.max_age.total_seconds()) if training else None,
            "PARAMETER_NAMES": json.dumps(retraining.parameters) if retraining.parameters else None,
        }
        return {
            "COOLDOWN_SECONDS": str(int(retraining.cooldown.total_seconds())),
            "DRY_RUN": json.dumps(retraining.dry_run),
            **{name: str(value) for name, value in limits.items() if value is not None},
        }

    def _alarm_name(self, monitor: Monitor) -> str:
        return f"{self._schedule_name(monitor)}-violations"

    def _schedule_name(self, monitor: Monitor) -> str:
        return schedule_name(self._config.name, monitor.name)

    def _watched(self, monitor: Monitor) -> dict[str, str]:
        return {"schedule": self._schedule_name(monitor), "kind": monitor.kind}

    def _on_run(self, function: MonitorFunction) -> None:
        self._rule(
            "RunWithViolations",
            f"Retrains the model when a run of {self._config.name} has found violations",
            aws_events.EventPattern(
                source=["watchkeeper"],
                detail_type=["Monitor Run Completed"],
                detail={"endpoint": [self._config.name], "status": ["CompletedWithViolations"]},
            ),
            function,
        )

    def _orders(self, function: MonitorFunction, retraining: Retraining) -> None:
        """Look at what is, several times an hour, since events may be lost; and ask by the clock, if configured."""
        start = Grant(("lambda:InvokeFunction",), (function.function.function_arn,))
        key, dead_letters = self._storage.key.key_arn, self._messaging.dead_letters
        scheduler = Scheduler(self, "SchedulerRole", start=start, key=key, dead_letters=dead_letters)
        orders = {"reconcile": _RECONCILE} | (
            {"schedule": retraining.schedule.scheduler_expression} if retraining.schedule else {}
        )
        for order, expression in orders.items():
            scheduler.add(
                f"Order-{order}",
                description=f"Retraining of {self._config.name}: {order}",
                expression=expression,
                message=json.dumps({"trigger": order, "scheduled_time": SCHEDULED_TIME}),
                max_age_seconds=_RECONCILE_SECONDS,
                attempts=3,
            )

    def _about_retraining(self) -> dict[str, str]:
        retraining = self._config.retraining
        if retraining is None:
            return {"RETRAINING": "off"}
        approval = retraining.training.approval if retraining.training else "unknown"
        return {"RETRAINING": "dry-run" if retraining.dry_run else "automatic", "APPROVAL": approval}

    def _read_executions(self, pipeline_arn: str | None) -> list[Grant]:
        if pipeline_arn is None:
            return []
        results = Place(self._storage.bucket.bucket_name, self._storage.layout.retraining)
        reason = "SageMaker names the executions of a pipeline."
        steps = Grant(("sagemaker:ListPipelineExecutionSteps",), (f"{pipeline_arn}/execution/*",), wildcard=reason)
        return [steps, *list_objects(self, [results]), objects(self, [results], "GetObject")]

    def _function(self, name: str, *, environment: dict[str, str], grants: list[Grant]) -> MonitorFunction:
        reports = Place(self._storage.bucket.bucket_name, self._storage.layout.reports)
        topic = self._messaging.topic.topic_arn
        common = {
            "BUCKET": self._storage.bucket.bucket_name,
            "ENDPOINT": self._config.name,
            "TOPIC_ARN": topic,
            "RUNBOOK_URL": self._config.alarms.runbook,
        }
        return MonitorFunction(
            self,
            name.capitalize(),
            name=name,
            config=self._config,
            key=self._storage.key,
            environment=common | environment,
            grants=[
                *list_objects(self, [reports]),
                objects(self, [reports], "GetObject"),
                use_key(self._storage.key.key_arn),
                use_table_key(self, self._storage.key.key_arn),
                Grant(("sns:Publish",), (topic,)),
                *grants,
            ],
            dead_letters=self._messaging.dead_letters,
        )

    def _table(
        self,
        construct_id: str,
        partition_key: aws_dynamodb.Attribute,
        *,
        sort_key: aws_dynamodb.Attribute | None = None,
        ttl: str | None = None,
    ) -> aws_dynamodb.Table:
        return aws_dynamodb.Table(
            self,
            construct_id,
            partition_key=partition_key,
            sort_key=sort_key,
            time_to_live_attribute=ttl,
            billing_mode=aws_dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=aws_dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=self._storage.key,
            point_in_time_recovery_specification=aws_dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            removal_policy=RemovalPolicy.DESTROY if ttl else self._storage.removal_policy,
        )

    def _on_state_change(
        self,
        construct_id: str,
        purpose: str,
        alarms: Sequence[aws_cloudwatch.Alarm],
        function: MonitorFunction,
    ) -> None:
        self._rule(
            construct_id,
            f"{purpose} when an alarm of {self._config.name} is raised or is over",
            aws_events.EventPattern(
                source=["aws.cloudwatch"],
                detail_type=["CloudWatch Alarm State Change"],
                resources=[alarm.alarm_arn for alarm in alarms],
                detail={"state": {"value": ["ALARM", "OK", "INSUFFICIENT_DATA"]}},
            ),
            function,
        )

    def _on_retraining_ended(
        self, construct_id: str, purpose: str, pipeline_arn: str, function: MonitorFunction
    ) -> None:
        self._rule(
            construct_id,
            f"{purpose} how a retraining of {self._config.name} has ended",
            aws_events.EventPattern(
                source=["aws.sagemaker"],
                detail_type=["SageMaker Model Building Pipeline Execution Status Change"],
                detail={
                    "pipelineArn": [pipeline_arn],
                    "currentPipelineExecutionStatus": ["Succeeded", "Failed", "Stopped"],
                },
            ),
            function,
        )

    def _rule(
        self, construct_id: str, description: str, pattern: aws_events.EventPattern, function: MonitorFunction
    ) -> None:
        aws_events.Rule(
            self,
            construct_id,
            description=description,
            event_pattern=pattern,
            targets=[
                aws_events_targets.LambdaFunction(
                    function.function,
                    dead_letter_queue=self._messaging.dead_letters,
                    retry_attempts=10,
                    max_event_age=Duration.hours(6),
                )
            ],
        )
