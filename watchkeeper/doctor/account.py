"""Who asks, where, and what of the configuration is deployed."""

from __future__ import annotations

from collections.abc import Iterator

from functions.common.clients import client
from infra.config import EndpointConfig
from monitoring_core.errors import ConfigError
from watchkeeper.deployed import bucket_of
from watchkeeper.doctor.finding import Finding, ok, warning


def identity(config: EndpointConfig) -> Iterator[Finding]:  # noqa: ARG001 - every question is asked alike
    """Say who asks, and in which region."""
    caller = client("sts").get_caller_identity()
    yield ok("identity", f"{caller['Arn']} in {client('sts').meta.region_name}")


def stack(config: EndpointConfig) -> Iterator[Finding]:
    """Look for the stack of the configuration."""
    name = f"Watchkeeper-{config.name}"
    try:
        yield ok("stack", f"{name} with the bucket {bucket_of(name)}")
    except ConfigError:
        yield warning("stack", f"{name} is not deployed here", "deploy it: cdk deploy -c config=FILE")


def dashboard(config: EndpointConfig) -> Iterator[Finding]:  # noqa: ARG001
    """Search for models as Model Dashboard does, which shows what this identity may search."""
    client("sagemaker").search(Resource="Model", MaxResults=1)
    yield ok("model dashboard", "this identity may search models, as Model Dashboard does")
