"""The model card: who answers for the model, what it is for, how it is watched."""

from __future__ import annotations

from aws_cdk import aws_sagemaker
from constructs import Construct

from infra.config import EndpointConfig
from infra.constructs.baseline import model_identity
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
