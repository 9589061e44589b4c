"""From an alarm to people and to retraining, and from retraining to people: one rule each."""

from __future__ import annotations

import json
from collections.abc import Sequence

from aws_cdk import Duration, RemovalPolicy, aws_cloudwatch, aws_dynamodb, aws_events, aws_events_targets
from constructs import Construct

from infra.config import EndpointConfig
from infra.config.operations import Retraining
from infra.constructs.functions import MonitorFunction
from infra.constructs.messaging import Messaging
from infra.constructs.permissions import Grant, Place, list_objects, objects, use_key, use_table_key
from infra.constructs.storage import Storage


class Loop(Construct):
    """Notification of every alarm's change and of the end of a retraining, and retraining after violations."""

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

    def notify(self, alarms: Sequence[aws_cloudwatch.Alarm], pipeline_arn: str | None) -> None:
        """Send one readable message to the topic when one of the alarms changes, or when a retraining ends."""
        text = aws_dynamodb.AttributeType.STRING
        seen = self._table("Messages", aws_dynamodb.Attribute(name="id", type=text), ttl="expiration")
        actions = ("dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
        function = self._function(
            "notify",
            environment={"IDEMPOTENCY_TABLE": seen.table_name, **self._about_retraining()},
            grants=[Grant(actions, (seen.table_arn,)), *self._read_executions(pipeline_arn)],
        )
        self._on_state_change("AlarmChanged", "Tells people", alarms, function)
        if pipeline_arn:
            self._on_retraining_ended(pipeline_arn, function)

    def retrain(self, alarms: Sequence[aws_cloudwatch.Alarm], retraining: Retraining, pipeline_arn: str) -> None:
        """Start the pipeline, once per incident, when one of the alarms is raised."""
        text = aws_dynamodb.AttributeType.STRING
        incidents = self._table(
            "Incidents",
            aws_dynamodb.Attribute(name="endpoint", type=text),
            sort_key=aws_dynamodb.Attribute(name="incident_id", type=text),
        )
        evidence = Place(self._storage.bucket.bucket_name, self._storage.layout.retraining)
        table_actions = ("dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem")
        pipeline_actions = ("sagemaker:ListPipelineExecutions", "sagemaker:StartPipelineExecution")
        function = self._function(
            "retrain",
            environment={
                "INCIDENT_TABLE": incidents.table_name,
                "PIPELINE_NAME": pipeline_arn.rpartition("/")[2],
                "PIPELINE_PARAMETERS": json.dumps({}),
                "COOLDOWN_SECONDS": str(int(retraining.cooldown.total_seconds())),
                "DRY_RUN": json.dumps(retraining.dry_run),
            },
            grants=[
                objects(self, [evidence], "PutObject"),
                Grant(table_actions, (incidents.table_arn,)),
                Grant(pipeline_actions, (pipeline_arn,)),
            ],
        )
        self._on_state_change("ViolationsChanged", "Retrains the model", alarms, function)

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
            "ENDPOINT": self._config.endpoint.name,
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
            f"{purpose} when an alarm of {self._config.endpoint.name} is raised or is over",
            aws_events.EventPattern(
                source=["aws.cloudwatch"],
                detail_type=["CloudWatch Alarm State Change"],
                resources=[alarm.alarm_arn for alarm in alarms],
                detail={"state": {"value": ["ALARM", "OK", "INSUFFICIENT_DATA"]}},
            ),
            function,
        )

    def _on_retraining_ended(self, pipeline_arn: str, function: MonitorFunction) -> None:
        self._rule(
            "RetrainingEnded",
            f"Tells people how a retraining of {self._config.endpoint.name} has ended",
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
