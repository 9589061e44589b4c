"""The configuration file of one endpoint: its model and its reader."""

from infra.config.load import load_config, parse_config
from infra.config.model import EndpointConfig

__all__ = ["EndpointConfig", "load_config", "parse_config"]
