"""The JSON Schema that editors use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import yaml

from infra.schema import SCHEMA, render

from .conftest import EXAMPLES


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(SCHEMA.read_text())
    return found


def test_the_committed_schema_is_the_one_of_the_code() -> None:
    assert SCHEMA.read_text() == render(), "run `python -m infra.schema` and commit infra/schema.json"


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.parent.name for path in EXAMPLES])
def test_every_example_keeps_to_the_schema(schema: dict[str, Any], path: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(yaml.safe_load(path.read_text()), schema, jsonschema.Draft202012Validator)


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.parent.name for path in EXAMPLES])
def test_every_example_points_editors_to_the_schema(path: Any) -> None:
    first = path.read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=../../infra/schema.json"
    assert (path.parent / "../../infra/schema.json").resolve() == SCHEMA


@pytest.mark.parametrize(
    ("section", "wrong"), [("monitors", [{"kind": "data-qualitty"}]), ("endpoint", {"nam": "x"}), ("extra", 1)]
)
def test_an_editor_sees_mistakes(schema: dict[str, Any], section: str, wrong: Any) -> None:
    document = yaml.safe_load(EXAMPLES[0].read_text()) | {section: wrong}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema)


def test_every_field_is_described(schema: dict[str, Any]) -> None:
    """A section is described where it is defined."""
    assert [path for path, field in fields(schema) if not {"description", "$ref"} & field.keys()] == []
    assert [name for name, section in schema["$defs"].items() if section and not section.get("description")] == []


def fields(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, section in [("", schema), *schema["$defs"].items()]:
        for key, field in section.get("properties", {}).items():
            yield f"{name}.{key}", field
