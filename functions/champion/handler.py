"""Lambda handler: custom resource `Custom::WatchkeeperChampion`.

The template's endpoint configuration has the model that the configuration file declares. The endpoint gets the
configuration that this resource names: the template's own, or the same with the model promoted since, as long as the
file declares the same model. It is asked whenever the template's configuration is replaced, also when CloudFormation
goes back after a failed update.
"""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.common.champion import delete_parameter, read_parameter
from functions.common.custom_resource import CloudFormationRequest, FromCloudFormation, RequestType, answering
from functions.promote.record import Champion, Deployment, Source, Status
from functions.promote.service import config_made_at, delete_made, make_config, read_config, read_live, served_model
from functions.promote.table import DeploymentTable
from monitoring_core.metric_names import champion_parameter

logger = Logger(service="champion")
tracer = Tracer(service="champion")


class Properties(FromCloudFormation):
    """What the endpoint of the template would be."""

    endpoint: str
    variant: str
    declared: str
    config_name: str
    deployment_table: str


@logger.inject_lambda_context
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001 - Lambda's signature
    """Name the endpoint configuration, and tell CloudFormation."""
    request = CloudFormationRequest.model_validate(event)
    with answering(request, logger) as given:
        properties = Properties.model_validate(request.resource_properties)
        given.physical_id = properties.endpoint
        if request.request_type is RequestType.DELETE:
            _forget(properties)
        else:
            given.data = {"EndpointConfigName": choose(properties)}


def choose(properties: Properties) -> str:
    """Return the endpoint configuration, and write down that the stack is going to deploy it.

    CloudFormation does not say when it asks. It does so after it has made the configuration, or, going back, after it
    has changed the endpoint: SageMaker knows when.
    """
    text = read_parameter(champion_parameter(properties.endpoint))
    champion = Champion.model_validate_json(text) if text else None
    keeps = champion is not None and champion.is_promoted and champion.declared == properties.declared
    config = read_config(properties.config_name)
    name, identity, facts = properties.config_name, properties.declared, dict[str, Any]()
    if champion is not None and keeps:
        name = make_config(properties.endpoint, config, properties.variant, champion.model_name)
        identity = champion.identity
        facts = champion.model_dump(include={"package", "version", "dataset", "baselines"})
    model = champion.model_name if champion and keeps else served_model(config, properties.variant)
    live = read_live(properties.endpoint)
    made_at = config_made_at(properties.config_name)
    expected = Deployment(
        endpoint=properties.endpoint,
        deployment_id=f"deployment@{name}",
        source=Source.DEPLOYMENT,
        status=Status.DEPLOYING,
        requested_at=max(made_at, live.modified_at) if live else made_at,
        identity=identity,
        declared=properties.declared,
        model_name=model,
        config_name=name,
        seen_at=live.modified_at if live else None,
        **facts,
    )
    DeploymentTable(properties.deployment_table, properties.endpoint).put(expected)
    return name


def _forget(properties: Properties) -> None:
    """Delete what promotions have made; the endpoint is gone, the registry stays."""
    _, records = DeploymentTable(properties.deployment_table, properties.endpoint).all()
    delete_made(records)
    delete_parameter(champion_parameter(properties.endpoint))
