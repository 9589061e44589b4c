"""The configuration files of endpoints and fleets: their models and their reader."""

from infra.config.fleet import FleetConfig
from infra.config.load import load_config, load_file, parse_config, parse_fleet
from infra.config.model import EndpointConfig

__all__ = ["EndpointConfig", "FleetConfig", "load_config", "load_file", "parse_config", "parse_fleet"]
