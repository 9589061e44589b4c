"""The deployed stacks, seen from both sides: what their templates say, and what is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from infra.config import EndpointConfig, load_file
from localaws.account import LocalAccount
from tests.local.deploy.comparison import differences
from tests.local.deploy.intrinsics import Resolver
from tests.local.deploy.readers import READERS
from tests.local.deploy.readers.builds import built_image
from tests.local.deploy.readers.product import analysis_config, chosen_config, current_baseline
from tests.local.deploy.readers.shape import Client, Properties
from tests.local.deploy.toolkit import ROOT
from tests.local.deploy.unreadable import UNREADABLE

EXAMPLES = sorted((ROOT / "examples").glob("*/*.yaml"))
EVERY_RUNTIME = Path(__file__).parent / "every-runtime.yaml"
FILES = [*EXAMPLES, EVERY_RUNTIME]
_LOADED = [load_file(path) for path in FILES]
CONFIGS = [config for config in _LOADED if isinstance(config, EndpointConfig)]
STACKS = [
    f"Watchkeeper-{config.name}" if isinstance(config, EndpointConfig) else f"WatchkeeperFleet-{config.fleet}"
    for config in _LOADED
]

_FILES_OF_BASELINE = {"StatisticsUri": "statistics.json", "ConstraintsUri": "constraints.json"}


@dataclass(frozen=True)
class Resource:
    """One resource of a template, deployed.

    Attributes
    ----------
    properties : dict
        As in the template, with references resolved.
    retained : bool
        Whether it stays when the stack is destroyed.
    """

    logical_id: str
    type: str
    physical_id: str
    properties: Properties
    retained: bool

    def live(self, client: Client) -> Properties:
        """Read the resource back."""
        return READERS[self.type](client, self.physical_id, self.properties)

    def differences(self, client: Client) -> Iterator[str]:
        """Yield one line for everything that is not as in the template."""
        live = self.live(client)
        for name, expected in self.properties.items():
            path = f"{self.logical_id} ({self.type}) {name}"
            if name in live:
                yield from differences(path, expected, live[name])
            elif (self.type, name) not in UNREADABLE:
                yield f"{path}: cannot be read back"


@dataclass(frozen=True)
class Deployment:
    """An account into which everything is deployed.

    Attributes
    ----------
    assembly : pathlib.Path
        What ``cdk synth`` has written.
    templates : dict
        By the stack's name, as synthesised.
    physical_ids : dict
        By the stack's name: logical id -> physical id, as CloudFormation lists them.
    client : callable
        Gives the boto3 client of a service.
    """

    account: LocalAccount
    assembly: Path
    templates: dict[str, Properties]
    physical_ids: dict[str, dict[str, str]]
    client: Client = field(init=False)

    def __post_init__(self) -> None:
        """Make every client once only."""
        object.__setattr__(self, "client", cache(self.account.client))

    def resolver(self, stack: str) -> Resolver:
        """Return what resolves values of the stack's template."""
        physical_ids = self.physical_ids[stack]

        def custom(logical_id: str, attribute: str) -> str:
            if attribute == "Uri":
                return analysis_config(self.client, physical_ids[logical_id])
            if attribute == "ImageUri":
                return built_image(self.client, physical_ids[logical_id])[1]
            properties = resolver.resolve(self.templates[stack]["Resources"][logical_id]["Properties"])
            if attribute == "EndpointConfigName":
                return chosen_config(self.client, properties["DeploymentTable"], physical_ids[logical_id])[
                    "config_name"
                ]
            folder, info = current_baseline(self.client, properties["Bucket"], physical_ids[logical_id])
            return info["baseline_id"] if attribute == "BaselineId" else f"{folder}/{_FILES_OF_BASELINE[attribute]}"

        def parameter(name: str) -> str:
            return str(self.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])

        resolver = Resolver(
            self.templates[stack],
            physical_ids,
            self.account.account_id,
            self.account.region,
            custom=custom,
            parameter=parameter,
        )
        return resolver

    def resources(self, stack: str) -> list[Resource]:
        """Return the stack's resources."""
        resolver, template = self.resolver(stack), self.templates[stack]["Resources"]
        return [
            Resource(
                logical_id=name,
                type=definition["Type"],
                physical_id=self.physical_ids[stack][name],
                properties=resolver.resolve(definition.get("Properties", {})),
                retained=definition.get("DeletionPolicy", "Delete") != "Delete",
            )
            for name, definition in template.items()
            if resolver.exists(name)
        ]


def physical_ids(account: LocalAccount, stack: str) -> dict[str, str]:
    """Return logical id -> physical id, as CloudFormation lists them."""
    pages: Any = account.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    return {
        resource["LogicalResourceId"]: resource.get("PhysicalResourceId", "")
        for page in pages
        for resource in page["StackResourceSummaries"]
    }
