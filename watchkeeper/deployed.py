"""What is deployed for a configuration: its bucket, and the baselines in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from monitoring_core.errors import ConfigError, DataError

if TYPE_CHECKING:
    from functions.common.baselines import BaselineStore
    from infra.config import EndpointConfig

BASELINE_ID: Final = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Deployed:
    """The stack of one configuration.

    Attributes
    ----------
    bucket : str
        Holds captured data, baselines and reports.
    """

    config: EndpointConfig
    bucket: str

    @classmethod
    def of(cls, file: Path) -> Deployed:
        """Find the stack of a configuration file.

        Raises
        ------
        ConfigError
            If the file is wrong, or its stack is not deployed here.
        """
        from infra.config import load_config  # noqa: PLC0415 - start-up

        config = load_config(file)
        return cls(config, bucket_of(f"Watchkeeper-{config.name}"))

    def monitor(self, name: str | None) -> str:
        """Return the name of a monitor; of several one must be chosen.

        Raises
        ------
        ConfigError
            If there is no such monitor, or it is not clear which one is meant.
        """
        names = [monitor.name for monitor in self.config.monitors]
        if name is None and len(names) == 1:
            return names[0]
        if name not in names:
            given = "choose one with --monitor" if name is None else f"there is no {name!r}"
            raise ConfigError(f"the configuration has the monitors {', '.join(names)}; {given}")
        return name

    def baselines(self, monitor: str) -> BaselineStore:
        """Return where the baselines of a monitor are."""
        from functions.common.baselines import BaselineStore  # noqa: PLC0415 - needs boto3

        return BaselineStore(f"s3://{self.bucket}/baselines/{self.config.name}/{monitor}/")


def bucket_of(stack: str) -> str:
    """Return the bucket that a stack's output names."""
    return output_of(stack, "BucketName")


def output_of(stack: str, name: str) -> str:
    """Return an output of a stack.

    Raises
    ------
    ConfigError
        If the stack, or the output, is not there.
    """
    with aws_explained(f"stack {stack}"):
        from botocore.exceptions import ClientError  # noqa: PLC0415 - an optional extra

        from functions.common.clients import client  # noqa: PLC0415

        try:
            (found,) = client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationError":
                raise
            raise ConfigError(
                f"the stack {stack} is not deployed in this account and region; deploy it, or check AWS_PROFILE and "
                "AWS_REGION"
            ) from error
    outputs = {output["OutputKey"]: str(output["OutputValue"]) for output in found.get("Outputs", ())}
    if name not in outputs:
        raise ConfigError(f"the stack {stack} has no output {name}; deploy it again with this version")
    return outputs[name]


@contextmanager
def aws_explained(what: str) -> Iterator[None]:
    """Turn what AWS's SDK raises into one sentence."""
    try:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise ConfigError(f"{what}: AWS is reached with boto3; install watchkeeper[functions]") from error
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise DataError(f"{what}: {error}; check credentials, region and permissions") from error
