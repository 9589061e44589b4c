"""One client per service and container, with retries that slow down under throttling."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import boto3
from botocore.config import Config

MAX_ATTEMPTS: Final = 6
_CONFIG = Config(retries={"mode": "adaptive", "max_attempts": MAX_ATTEMPTS}, connect_timeout=5, read_timeout=60)


@cache
def client(service: str) -> Any:
    """Return the client of an AWS service, made once."""
    return boto3.client(service, config=_CONFIG)


@cache
def table(name: str) -> Any:
    """Return a DynamoDB table, made once."""
    return boto3.resource("dynamodb", config=_CONFIG).Table(name)
