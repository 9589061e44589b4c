"""JSON Schemas of the configuration files, for editors: `python -m infra.schema` writes them beside this module."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from infra.config import EndpointConfig, FleetConfig

SCHEMA: Final = Path(__file__).with_name("schema.json")
FLEET_SCHEMA: Final = Path(__file__).with_name("fleet.schema.json")
SCHEMAS: Final[Mapping[Path, type[BaseModel]]] = {SCHEMA: EndpointConfig, FLEET_SCHEMA: FleetConfig}


def render(model: type[BaseModel]) -> str:
    """Return the schema of a file as the committed one has it."""
    schema = model.model_json_schema(by_alias=True)
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for path, model in SCHEMAS.items():
        path.write_text(render(model), "utf-8")
