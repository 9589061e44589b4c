"""The champion of an endpoint: one SSM parameter, which only a deployment that ended well changes."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from functions.common.clients import client


def read_parameter(name: str) -> str | None:
    """Return the text of a parameter, or None where there is none."""
    try:
        answer: dict[str, Any] = client("ssm").get_parameter(Name=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ParameterNotFound":
            raise
        return None
    return str(answer["Parameter"]["Value"])


def write_parameter(name: str, value: str) -> None:
    """Set a parameter, unless it says so already."""
    if read_parameter(name) != value:
        client("ssm").put_parameter(Name=name, Value=value, Type="String", Overwrite=True)


def delete_parameter(name: str) -> None:
    """Forget a parameter; there need not be one."""
    try:
        client("ssm").delete_parameter(Name=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ParameterNotFound":
            raise
