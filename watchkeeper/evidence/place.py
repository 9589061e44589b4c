"""Whose ledgers, in which bucket."""

from __future__ import annotations

from pathlib import Path

from monitoring_core.errors import ConfigError


def find_place(config: Path | None, bucket: str | None, endpoint: str | None) -> tuple[str, str]:
    """Return bucket and endpoint, as they are given or as the configuration's stack has them.

    Raises
    ------
    ConfigError
        If it is not clear which are meant, or the stack is not deployed.
    """
    from watchkeeper.deployed import Deployed  # noqa: PLC0415 - start-up

    if config is not None and bucket is None and endpoint is None:
        deployed = Deployed.of(config)
        return deployed.bucket, deployed.config.name
    if config is None and bucket is not None and endpoint is not None:
        return bucket, endpoint
    raise ConfigError("give either --config, or --bucket and --endpoint")
