"""From an approval in the model registry to the endpoint, and back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Final

from aws_cdk import (
    CfnOutput,
    Duration,
    aws_cloudwatch,
    aws_dynamodb,
    aws_events,
    aws_events_targets,
    aws_iam,
)
from constructs import Construct

from infra.config import EndpointConfig
from infra.config.promotion import Promotion
from infra.constructs.baseline import Baselines, champion_arn, model_identity
from infra.constructs.champion import (
    OTHERS_NAMES,
    describe,
    endpoint_arns,
    lineage_grants,
    made,
    read_any,
    sagemaker_arn,
    variant_name,
)
from infra.constructs.functions import MonitorFunction
from infra.constructs.messaging import Messaging
from infra.constructs.permissions import (
    Grant,
    Place,
    decrypt,
    list_objects,
    objects,
    pull_image,
    put_metrics,
    use_key,
    use_table_key,
    use_volume_key,
)
from infra.constructs.promotion_alarms import PromotionAlarms
from infra.constructs.scheduling import SCHEDULED_TIME, Scheduler
from infra.constructs.storage import Storage
from monitoring_core.metric_names import NAMESPACE

_CHECK: Final = "cron(23 * * * ? *)"
_CHECK_RETRY_SECONDS: Final = 1800
_TIMEOUT_SECONDS: Final = 900
_TABLE_ACTIONS: Final = ("dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem")


class ModelPromotion(Construct):
    """Puts approved versions into service, takes them back, and watches what serves.

    Parameters
    ----------
    role : Role or None
        Of the endpoint's models, where the stack creates it: it gets to read the versions' artifacts and images.
    verdicts : sequence of Alarm
        Violation alarms that take a deployment back.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: EndpointConfig,
        promotion: Promotion,
        storage: Storage,
        messaging: Messaging,
        baselines: Baselines,
        deployments: aws_dynamodb.Table,
        role: aws_iam.Role | None,
        verdicts: Sequence[aws_cloudwatch.Alarm],
        incidents: aws_dynamodb.Table | None,
        model_card: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self._config, self._promotion, self._storage, self._messaging = config, promotion, storage, messaging
        self._baselines, self._deployments, self._incidents = baselines, deployments, incidents
        self._card = model_card
        group = promotion.model_package_group or config.name.lower()
        self._group = group
        self._versions = sagemaker_arn(self, "model-package", f"{group}/*")
        alarms = PromotionAlarms(self, "Alarms", config=config, promotion=promotion, topic=messaging.topic)
        self._guards = [*alarms.guards, *verdicts]
        if role:
            self._let_read_versions(role)
        function = self._function(promotion.execution_role or (role.role_arn if role else ""))
        self._rules(function)
        self._hourly(function)
        CfnOutput(self, "Function", value=function.function.function_name).override_logical_id("PromoteFunction")

    def _function(self, role_arn: str) -> MonitorFunction:
        config, promotion = self._config, self._promotion
        shifting = {
            "strategy": promotion.strategy,
            "canary_percent": promotion.canary_percent,
            "linear_steps": promotion.linear_steps,
            "wait": int(promotion.wait.total_seconds()),
            "bake": int(promotion.bake.total_seconds()),
            "rollback_alarms": promotion.rollback_alarms,
        }
        return MonitorFunction(
            self,
            "Promote",
            name="promote",
            config=config,
            key=self._storage.key,
            timeout_seconds=_TIMEOUT_SECONDS,
            dead_letters=self._messaging.dead_letters,
            environment={
                "BUCKET": self._storage.bucket.bucket_name,
                "ENDPOINT": config.name,
                "VARIANT": variant_name(config),
                "DECLARED": model_identity(config),
                "PACKAGES": self._versions.removesuffix("*"),
                "DEPLOYMENT_TABLE": self._deployments.table_name,
                "TOPIC_ARN": self._messaging.topic.topic_arn,
                "RUNBOOK_URL": config.alarms.runbook,
                "SHIFTING": json.dumps(shifting),
                "GUARDS": json.dumps([self._name_of(alarm) for alarm in self._guards]),
                "BASELINES": json.dumps({monitor.name: monitor.kind for monitor in config.monitors}),
                "BASELINE_FUNCTION": self._baselines.maker.function.function_name,
                "ALLOW_OLDER": json.dumps(promotion.allow_older),
                "MODEL_CARD": self._card,
                **({"INCIDENT_TABLE": self._incidents.table_name} if self._incidents else {}),
            },
            grants=[*self._on_sagemaker(role_arn), *self._on_data(), *self._on_others()],
        )

    def _name_of(self, alarm: aws_cloudwatch.Alarm) -> str:
        """Return the name that the alarm is given, rather than a reference to it."""
        declared = alarm.node.default_child
        assert isinstance(declared, aws_cloudwatch.CfnAlarm)  # noqa: S101 - what an Alarm is made of
        return str(declared.alarm_name)

    def _on_sagemaker(self, role_arn: str) -> Iterator[Grant]:
        numbered = "The registry numbers the versions of a group."
        named = "What is made is named by the endpoint, the version and the content."
        ours = made(self, self._config)
        card = sagemaker_arn(self, "model-card", self._card)
        yield read_any(self)
        yield Grant(("sagemaker:DescribeModelPackage",), (self._versions, *self._declared_package()), wildcard=numbered)
        yield Grant(("sagemaker:ListModelPackages",), (self._versions,), wildcard=numbered)
        yield Grant(("sagemaker:CreateEndpointConfig", "sagemaker:CreateModel"), ours, wildcard=named)
        yield describe(self, self._config)
        configs = sagemaker_arn(self, "endpoint-config", "*")
        update = ("sagemaker:UpdateEndpoint",)
        yield Grant(update, (*endpoint_arns(self, self._config), configs), wildcard=OTHERS_NAMES)
        yield Grant(("sagemaker:DescribeModelCard", "sagemaker:UpdateModelCard"), (card,))
        yield from lineage_grants(self, self._config)
        to_sagemaker = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
        yield Grant(("iam:PassRole",), (role_arn,), conditions=to_sagemaker)
        yield from use_volume_key(self._storage.key.key_arn)

    def _declared_package(self) -> tuple[str, ...]:
        create = self._config.created
        packages = [variant.model.package for variant in create.variants] if create else []
        return tuple(dict.fromkeys(package for package in packages if package))

    def _on_data(self) -> Iterator[Grant]:
        bucket, layout = self._storage.bucket.bucket_name, self._storage.layout
        identity, baselines = Place(bucket, layout.identity), Place(bucket, layout.baselines)
        read = [identity, baselines, Place(bucket, layout.experiments)]
        create = self._config.created
        declared = [Place.of(variant.model.artifact) for variant in create.variants] if create else []
        artifacts = self._artifacts()
        yield from list_objects(self, [*read, *artifacts, *declared])
        yield objects(self, [*read, *artifacts, *declared], "GetObject")
        yield objects(self, [identity], "PutObject")
        yield use_key(self._storage.key.key_arn)
        yield from decrypt(*self._config.decrypt_keys)
        yield Grant(_TABLE_ACTIONS, (self._deployments.table_arn,))
        if self._incidents:
            yield Grant(("dynamodb:UpdateItem",), (self._incidents.table_arn,))
        yield use_table_key(self, self._storage.key.key_arn)

    def _on_others(self) -> Iterator[Grant]:
        alarms = tuple(alarm.alarm_arn for alarm in self._guards)
        if alarms:
            yield Grant(("cloudwatch:DescribeAlarms",), alarms)
        yield put_metrics(NAMESPACE)
        yield Grant(("ssm:GetParameter", "ssm:PutParameter"), (champion_arn(self, self._config),))
        yield Grant(("sns:Publish",), (self._messaging.topic.topic_arn,))
        yield Grant(("lambda:InvokeFunction",), (self._baselines.maker.function.function_arn,))

    def _artifacts(self) -> list[Place]:
        own = Place(self._storage.bucket.bucket_name, self._storage.layout.retraining)
        return [own, *(Place.of(uri) for uri in self._promotion.artifacts)]

    def _let_read_versions(self, role: aws_iam.Role) -> None:
        """Let the endpoint serve any version of the group."""
        retraining, artifacts = self._config.retraining, self._artifacts()
        trained = [retraining.training.image] if retraining and retraining.training else []
        grants = [
            *list_objects(self, artifacts),
            objects(self, artifacts, "GetObject"),
            *(
                grant
                for image in dict.fromkeys((*trained, *self._promotion.images))
                for grant in pull_image(self, image)
            ),
            Grant(
                ("sagemaker:DescribeModelPackage",),
                (self._versions,),
                wildcard="The registry numbers the versions of a group.",
            ),
        ]
        for grant in grants:
            grant.to(role)

    def _rules(self, function: MonitorFunction) -> None:
        name = self._config.name
        self._rule(
            "Approved",
            f"Promotes a version of {self._group} that has been approved",
            "SageMaker Model Package State Change",
            {"ModelPackageGroupName": [self._group], "ModelApprovalStatus": ["Approved"]},
            function,
        )
        self._rule(
            "Deployed",
            f"Notes how a deployment of {name} has ended",
            "SageMaker Endpoint State Change",
            {"EndpointName": [name], "EndpointStatus": ["IN_SERVICE", "FAILED", "UPDATE_ROLLBACK_FAILED"]},
            function,
        )
        if self._guards:
            aws_events.Rule(
                self,
                "Rang",
                description=f"Takes a deployment of {name} back when a guard alarm rings",
                event_pattern=aws_events.EventPattern(
                    source=["aws.cloudwatch"],
                    detail_type=["CloudWatch Alarm State Change"],
                    resources=[alarm.alarm_arn for alarm in self._guards],
                    detail={"state": {"value": ["ALARM"]}},
                ),
                targets=[self._target(function)],
            )

    def _rule(
        self, construct_id: str, description: str, kind: str, detail: dict[str, list[str]], function: MonitorFunction
    ) -> None:
        pattern = aws_events.EventPattern(source=["aws.sagemaker"], detail_type=[kind], detail=detail)
        aws_events.Rule(
            self, construct_id, description=description, event_pattern=pattern, targets=[self._target(function)]
        )

    def _target(self, function: MonitorFunction) -> aws_events_targets.LambdaFunction:
        return aws_events_targets.LambdaFunction(
            function.function,
            dead_letter_queue=self._messaging.dead_letters,
            retry_attempts=10,
            max_event_age=Duration.hours(6),
        )

    def _hourly(self, function: MonitorFunction) -> None:
        """Look at what serves each hour, and for whatever nobody has told of."""
        start = Grant(("lambda:InvokeFunction",), (function.function.function_arn,))
        key, dead_letters = self._storage.key.key_arn, self._messaging.dead_letters
        scheduler = Scheduler(self, "SchedulerRole", start=start, key=key, dead_letters=dead_letters)
        scheduler.add(
            "Check",
            description=f"Holds what {self._config.name} serves against what was approved",
            expression=_CHECK,
            message=json.dumps({"trigger": "check", "scheduled_time": SCHEDULED_TIME}),
            max_age_seconds=_CHECK_RETRY_SECONDS,
            attempts=3,
        )
