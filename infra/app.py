"""From configuration files to stacks; `app.py` at the top calls this."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from glob import glob
from pathlib import Path

from aws_cdk import App, Stack, Validations
from cdk_nag import AwsSolutionsChecks, NIST80053R5Checks

from infra.config import EndpointConfig, FleetConfig, load_file
from infra.nist import acknowledge_everywhere
from infra.stacks.endpoint_stack import EndpointStack
from infra.stacks.fleet_stack import FleetStack
from monitoring_core.errors import ConfigError

_HELP = "cdk deploy -c config=examples/flights/monitoring.yaml"


def build(app: App, paths: Iterable[Path]) -> list[Stack]:
    """Add one stack per configuration file to the app; every finding of cdk-nag fails the synthesis.

    An endpoint is deployed after its fleet where both files are given. Where the fleet's is not, its stack must be
    there already, and is not touched.
    """
    Validations.of(app).add_plugins(AwsSolutionsChecks(), NIST80053R5Checks())
    acknowledge_everywhere(app)
    configs = [load_file(path) for path in paths]
    endpoints = [config for config in configs if isinstance(config, EndpointConfig)]
    fleets = [config for config in configs if isinstance(config, FleetConfig)]
    _refuse_repeated("endpoint", [config.name for config in endpoints])
    _refuse_repeated("fleet", [config.fleet for config in fleets])
    shared = {config.fleet: _fleet_stack(app, config, endpoints) for config in fleets}
    stacks = [_endpoint_stack(app, config, shared.get(config.fleet or "")) for config in endpoints]
    return [*shared.values(), *stacks]


def _fleet_stack(app: App, config: FleetConfig, endpoints: Sequence[EndpointConfig]) -> FleetStack:
    own = [endpoint for endpoint in endpoints if endpoint.fleet == config.fleet]
    return FleetStack(app, f"WatchkeeperFleet-{config.fleet}", config=config, endpoints=own)


def _endpoint_stack(app: App, config: EndpointConfig, shared: FleetStack | None) -> EndpointStack:
    stack = EndpointStack(app, f"Watchkeeper-{config.name}", config=config)
    if shared:
        stack.add_stack_dependency(shared)
    return stack


def _refuse_repeated(what: str, names: Sequence[str]) -> None:
    lower = [name.lower() for name in names]  # SageMaker and CloudWatch do not tell them apart by case
    repeated = sorted({name for name in lower if lower.count(name) > 1})
    if repeated:
        raise ConfigError(f"several files describe the same {what}: {', '.join(repeated)}; keep one file for each")


def config_paths(context: object) -> list[Path]:
    """Return the files that the context value `config` names: paths or patterns, separated by commas.

    Raises
    ------
    ConfigError
        If it is missing, or a pattern matches nothing.
    """
    if not isinstance(context, str) or not context.strip():
        raise ConfigError(f"name the configuration files with -c config=...: paths or patterns, e.g. {_HELP}")
    paths: list[Path] = []
    for pattern in context.split(","):
        matches = [Path(match) for match in sorted(glob(pattern.strip()))]  # noqa: PTH207 - takes absolute patterns too
        if not matches:
            raise ConfigError(f"no file matches {pattern.strip()!r}; give a path or pattern, e.g. {_HELP}")
        paths += matches
    return paths
