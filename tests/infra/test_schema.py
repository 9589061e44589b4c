"""The JSON Schema that editors use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from infra.schema import FLEET_SCHEMA, SCHEMA, SCHEMAS, render

from .conftest import EXAMPLES, FLEET

FILES = [*EXAMPLES, *FLEET]


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(SCHEMA.read_text())
    return found


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_the_committed_schema_is_the_one_of_the_code(path: Path) -> None:
    assert path.read_text() == render(SCHEMAS[path]), f"run `python -m infra.schema` and commit infra/{path.name}"


@pytest.mark.parametrize("path", FILES, ids=named)
def test_every_example_keeps_to_the_schema_that_it_points_editors_to(path: Path) -> None:
    first = path.read_text().splitlines()[0]
    pointed = (path.parent / first.removeprefix("# yaml-language-server: $schema=")).resolve()
    assert pointed == (FLEET_SCHEMA if path.name == "fleet.yaml" else SCHEMA)
    schema = json.loads(pointed.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(yaml.safe_load(path.read_text()), schema, jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    ("section", "wrong"), [("monitors", [{"kind": "data-qualitty"}]), ("endpoint", {"nam": "x"}), ("extra", 1)]
)
def test_an_editor_sees_mistakes(schema: dict[str, Any], section: str, wrong: Any) -> None:
    document = yaml.safe_load(EXAMPLES[0].read_text()) | {section: wrong}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema)


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_every_field_is_described(path: Path) -> None:
    """A section is described where it is defined."""
    schema = json.loads(path.read_text())
    assert [path for path, field in fields(schema) if not {"description", "$ref"} & field.keys()] == []
    assert [name for name, section in schema["$defs"].items() if section and not section.get("description")] == []


def fields(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, section in [("", schema), *schema["$defs"].items()]:
        for key, field in section.get("properties", {}).items():
            yield f"{name}.{key}", field
