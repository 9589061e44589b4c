"""From configuration files to stacks; `app.py` at the top calls this."""

from __future__ import annotations

from collections.abc import Iterable
from glob import glob
from pathlib import Path

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from infra.config import load_config
from infra.stacks.endpoint_stack import EndpointStack
from monitoring_core.errors import ConfigError

_HELP = "cdk deploy -c config=examples/flights/monitoring.yaml"


def build(app: App, paths: Iterable[Path]) -> list[EndpointStack]:
    """Add one stack per configuration file to the app; every finding of cdk-nag fails the synthesis."""
    Validations.of(app).add_plugins(AwsSolutionsChecks())
    configs = [load_config(path) for path in paths]
    names = [config.endpoint.name.lower() for config in configs]  # SageMaker does not tell them apart by case
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ConfigError(f"several files describe the same endpoint: {', '.join(repeated)}; keep one file for each")
    return [EndpointStack(app, f"Watchkeeper-{config.endpoint.name}", config=config) for config in configs]


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
