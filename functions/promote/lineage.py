"""Records in SageMaker ML Lineage which deployment has put a model into service.

SageMaker itself keeps an artifact of every registered package and a context of every endpoint, both found by the ARN
of what they stand for (``SourceUri``). What is added is the action between them: package -> deployment -> endpoint.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from functions.common.clients import client
from functions.promote import service
from functions.promote.record import Deployment

logger = Logger(service="promote", child=True)

_NAME_LIMIT: Final = 120
_DIGEST: Final = 12
_REFUSED: Final = frozenset({"ConflictException", "ResourceInUse", "ValidationException"})
"""How SageMaker answers to what it has already; its model names no error for that."""


def record_lineage(one: Deployment) -> str:
    """Record a deployment that ended well, and what it connects; repeatable.

    Returns
    -------
    str
        What is missing, for people; empty where all is recorded. The model serves whether or not it is.
    """
    try:
        missing = _record(one)
    except (BotoCoreError, ClientError) as error:
        missing = str(error)
    if missing:
        logger.warning("lineage is incomplete", extra={"deployment_id": one.deployment_id, "missing": missing})
        return f"lineage is incomplete: {missing}"
    return ""


def lineage_name(*parts: str) -> str:
    """Return a name as lineage takes it, the same for the same parts: letters, digits, hyphens, 120 at most.

    Examples
    --------
    >>> lineage_name("credit-prod", "v3@2013-04-01T08:30:00.000000Z")
    'credit-prod-v3-2013-04-01T08-30-00-000000Z-12e57004946b'
    """
    text = "-".join(parts)
    digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGEST]
    readable = re.sub(r"[^a-zA-Z0-9-]+", "-", text).strip("-")[: _NAME_LIMIT - _DIGEST - 1].rstrip("-")
    return f"{readable}-{digest}".lstrip("-")


def properties_of(one: Deployment, evidence_uri: str) -> dict[str, str]:
    """Return what an action tells of a deployment, as far as it is known."""
    facts = {
        "deployment": one.deployment_id,
        "asked-by": one.source.value,
        "version": "" if one.version is None else str(one.version),
        "model": one.model_name,
        "config": one.config_name,
        "previous-config": one.previous_config,
        "incident": one.incident_id,
        "evidence": evidence_uri,
    }
    return {name: value for name, value in facts.items() if value}


def _record(one: Deployment) -> str:
    """Make action and associations; return what SageMaker does not have."""
    sagemaker = client("sagemaker")
    endpoint = sagemaker.describe_endpoint(EndpointName=one.endpoint)["EndpointArn"]
    action = _action(one, endpoint)
    _associate(_artifact(one), action, "ContributedTo")
    contexts = sagemaker.list_contexts(SourceUri=endpoint)["ContextSummaries"]
    for context in contexts:
        _associate(action, context["ContextArn"], "Produced")
    return "" if contexts else f"SageMaker has no context of {endpoint}"


def _action(one: Deployment, endpoint: str) -> str:
    """Return the ARN of the deployment's action."""
    sagemaker, name = client("sagemaker"), lineage_name(one.endpoint, one.deployment_id)
    evidence = service.read_package(one.package).evidence_uri if one.package else ""

    def make() -> str:
        made = sagemaker.create_action(
            ActionName=name,
            ActionType="ModelDeployment",
            Source={"SourceUri": endpoint, "SourceType": "Endpoint"},
            Status="Completed",
            Properties=properties_of(one, evidence),
        )
        return str(made["ActionArn"])

    def find() -> str:
        with suppress(sagemaker.exceptions.ResourceNotFound):
            return str(sagemaker.describe_action(ActionName=name)["ActionArn"])
        return ""

    return _made(make, find)


def _artifact(one: Deployment) -> str:
    """Return the ARN of the artifact of the package, or of the stack's own model where there is none."""
    sagemaker = client("sagemaker")
    source = one.package or str(sagemaker.describe_model(ModelName=one.model_name)["ModelArn"])

    def make() -> str:
        name = lineage_name(source.rpartition(":")[2])
        made = sagemaker.create_artifact(ArtifactName=name, ArtifactType="Model", Source={"SourceUri": source})
        return str(made["ArtifactArn"])

    def find() -> str:
        found = sagemaker.list_artifacts(SourceUri=source)["ArtifactSummaries"]
        return str(found[0]["ArtifactArn"]) if found else ""

    return find() or _made(make, find)


def _associate(source: str, destination: str, kind: str) -> None:
    sagemaker, ends = client("sagemaker"), {"SourceArn": source, "DestinationArn": destination}

    def make() -> str:
        return str(sagemaker.add_association(**ends, AssociationType=kind)["SourceArn"])

    def find() -> str:
        found = sagemaker.list_associations(**ends, AssociationType=kind)["AssociationSummaries"]
        return str(found[0]["SourceArn"]) if found else ""

    _made(make, find)


def _made(make: Callable[[], str], find: Callable[[], str]) -> str:
    """Make something; where that is refused, take what is there already."""
    try:
        return make()
    except ClientError as error:
        if error.response["Error"]["Code"] not in _REFUSED:
            raise
        found = find()
        if not found:
            raise
        return found
