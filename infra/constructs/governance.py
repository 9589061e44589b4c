"""The model card: who answers for the model, what it is for, how it is watched."""

from __future__ import annotations

import json
from collections.abc import Iterator

from aws_cdk import Duration, aws_events, aws_events_targets, aws_sagemaker, aws_sqs
from constructs import Construct

from infra.config import EndpointConfig
from infra.constructs.baseline import model_identity
from infra.constructs.champion import describe, read_any, sagemaker_arn, variant_name
from infra.constructs.functions import MonitorFunction
from infra.constructs.permissions import Grant, Place, objects, use_key
from infra.constructs.storage import Storage

_Card = aws_sagemaker.CfnModelCard
_NAME_LIMIT = 63


def model_card(scope: Construct, config: EndpointConfig, storage: Storage) -> _Card:
    """Declare the model card of the endpoint's model, as a draft that people complete."""
    facts, schema = config.governance, config.data_schema
    watched = {monitor.name: f"{monitor.kind}, {monitor.schedule.text}" for monitor in config.monitors}
    return _Card(
        scope,
        "ModelCard",
        model_card_name=card_name(config),
        model_card_status="Draft",
        security_config=_Card.SecurityConfigProperty(kms_key_id=storage.key.key_arn),
        content=_Card.ContentProperty(
            model_overview=_Card.ModelOverviewProperty(
                model_name=config.name,
                model_owner=facts.owner,
                problem_type=schema.problem,
                model_artifact=[model_identity(config)],
            ),
            intended_uses=_Card.IntendedUsesProperty(
                purpose_of_model=facts.purpose, risk_rating=facts.risk_rating.capitalize()
            ),
            additional_information=_Card.AdditionalInformationProperty(
                custom_details={
                    **{f"Monitor {name}": text for name, text in watched.items()},
                    **({"Label": schema.label} if schema.label else {}),
                }
            ),
        ),
    )


def card_name(config: EndpointConfig) -> str:
    """Return a name that is another with another key, for the key of a card cannot be changed: it is replaced."""
    parts = (config.name, config.fleet)
    return "-".join(part for part in parts if part)[:_NAME_LIMIT].rstrip("-")


class CardKeeper(Construct):
    """Shows the latest run of each monitor, and the model in service, in the model card."""

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
        served = {} if config.batch_transform else {"ENDPOINT": config.name, "VARIANT": variant_name(config)}
        keeper = MonitorFunction(
            self,
            "Function",
            name="card",
            config=config,
            key=storage.key,
            environment={
                "MODEL_CARD": card_name(config),
                "MONITORS": json.dumps([monitor.name for monitor in config.monitors]),
                **served,
            },
            grants=self._grants(config, storage),
            dead_letters=dead_letters,
        )
        aws_events.Rule(
            self,
            "RunCompleted",
            description=f"Shows runs of {config.name} in its model card",
            event_pattern=aws_events.EventPattern(
                source=["watchkeeper"],
                detail_type=["Monitor Run Completed"],
                detail={"endpoint": [config.name], "status": ["Completed", "CompletedWithViolations"]},
            ),
            targets=[
                aws_events_targets.LambdaFunction(
                    keeper.function,
                    dead_letter_queue=dead_letters,
                    retry_attempts=10,
                    max_event_age=Duration.hours(6),
                )
            ],
        )

    def _grants(self, config: EndpointConfig, storage: Storage) -> Iterator[Grant]:
        reports = Place(storage.bucket.bucket_name, storage.layout.reports)
        card = sagemaker_arn(self, "model-card", card_name(config))
        yield objects(self, [reports], "GetObject")
        yield Grant(("sagemaker:DescribeModelCard", "sagemaker:UpdateModelCard"), (card,))
        yield use_key(storage.key.key_arn)
        if not config.batch_transform:
            yield describe(self, config)
            yield read_any(self)
