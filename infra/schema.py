"""JSON Schema of the configuration file, for editors: `python -m infra.schema` writes `infra/schema.json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from infra.config import EndpointConfig

SCHEMA: Final = Path(__file__).with_name("schema.json")


def render() -> str:
    """Return the schema as the committed file has it."""
    schema = EndpointConfig.model_json_schema(by_alias=True)
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SCHEMA.write_text(render(), "utf-8")
