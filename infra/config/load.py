"""A configuration file -> EndpointConfig or FleetConfig, or one error that lists everything that is wrong with it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from infra.config.fleet import FleetConfig
from infra.config.model import EndpointConfig
from monitoring_core.errors import ConfigError

_INPUT_LIMIT = 80
_Location = tuple[str | int, ...]
_Config = TypeVar("_Config", bound=BaseModel)


class _StrictLoader(yaml.SafeLoader):
    """YAML keeps the last of two equal keys without a word; this loader refuses them."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - yaml's signature
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for i, key in enumerate(keys):
            if key in keys[:i]:
                problem = f"key {key!r} is given twice; keep one"
                raise yaml.constructor.ConstructorError(None, None, problem, node.value[i][0].start_mark)
        return super().construct_mapping(node, deep)


def load_config(path: Path | str) -> EndpointConfig:
    """Read and check a configuration file.

    Parameters
    ----------
    path : Path or str
        A YAML file.

    Raises
    ------
    ConfigError
        If the file cannot be read or is wrong; the message lists every error with file, path within
        the file, what was given, what is allowed and what to do.
    """
    return parse_config(_read(Path(path)), str(path))


def load_file(path: Path | str) -> EndpointConfig | FleetConfig:
    """Read and check the file of an endpoint, or of a fleet: that has `fleet:`, and nothing that is watched.

    Raises
    ------
    ConfigError
        As `load_config` does.
    """
    document = _read(Path(path))
    if isinstance(document, dict) and "fleet" in document and not {"endpoint", "batch_transform"} & set(document):
        return parse_fleet(document, str(path))
    return parse_config(document, str(path))


def parse_config(document: object, source: str) -> EndpointConfig:
    """Check a document that is parsed already; `source` names it in errors."""
    return _checked(EndpointConfig, document, source)


def parse_fleet(document: object, source: str) -> FleetConfig:
    """Check the document of a fleet that is parsed already; `source` names it in errors."""
    return _checked(FleetConfig, document, source)


def _checked(model: type[_Config], document: object, source: str) -> _Config:
    if not isinstance(document, dict):
        raise ConfigError(f"{source}: the file must hold sections such as `endpoint:`, got {_shown(document)}")
    try:
        return model.model_validate(document)
    except ValidationError as error:
        details = [detail for detail in error.errors(include_url=False) if not _consequence(detail)]
        lines = [line for detail in details for line in _lines(model, detail)]
        raise ConfigError("\n".join(f"{source}: {line}" for line in lines)) from None


def _read(path: Path) -> object:
    try:
        return yaml.load(path.read_text("utf-8"), Loader=_StrictLoader)  # noqa: S506 - a SafeLoader
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; give the path of a monitoring.yaml") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}; give a YAML file in UTF-8") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None


def _consequence(detail: ErrorDetails) -> bool:
    """Tell whether a list is too short only because its items are wrong."""
    return detail["type"] == "too_short" and len(detail["input"]) >= detail["ctx"]["min_length"]


def _lines(model: type[BaseModel], detail: ErrorDetails) -> Iterable[str]:
    if detail["type"] == "sections_disagree":
        return [f"{_dotted(location)}: {message}" for location, message in detail["ctx"]["problems"]]
    location = _without_kinds(model, detail["loc"])
    if detail["type"].startswith("union_tag"):
        location = (*location, "kind")
    return [f"{_dotted(location)}: {_message(model, detail)}"]


def _message(model: type[BaseModel], detail: ErrorDetails) -> str:  # noqa: PLR0911 - one sentence per kind of error
    match detail["type"]:
        case "extra_forbidden":
            return _unknown_key(str(detail["loc"][-1]), _fields_at(model, detail["loc"][:-1]))
        case "missing" | "union_tag_not_found":
            return "missing; add it"
        case "value_error":
            text = str(detail["ctx"]["error"])
            return text if isinstance(detail["input"], dict) else f"{_shown(detail['input'])} is not allowed; {text}"
        case "literal_error":
            return _not_available(detail["input"], detail["ctx"]["expected"])
        case "union_tag_invalid":
            return _not_available(detail["ctx"]["tag"], detail["ctx"]["expected_tags"])
        case "too_short":
            return f"needs at least {detail['ctx']['min_length']}, got {_shown(detail['input'])}"
        case _:
            return f"{detail['msg'][0].lower()}{detail['msg'][1:]}, got {_shown(detail['input'])}"


def _not_available(given: object, expected: str) -> str:
    allowed = expected.replace(" or ", ", ").replace("'", "").split(", ")
    return f"{_shown(given)} is not available; allowed: {', '.join(allowed)}{_meant(given, allowed)}"


def _unknown_key(key: str, allowed: Sequence[str]) -> str:
    return f"unknown key; allowed: {', '.join(sorted(allowed))}{_meant(key, allowed)}"


def _meant(given: object, allowed: Sequence[str]) -> str:
    close = difflib.get_close_matches(str(given), allowed, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _INPUT_LIMIT else f"{text[:_INPUT_LIMIT]}..."


def _dotted(location: _Location) -> str:
    """Spell a location as a path.

    Examples
    --------
    >>> _dotted(("monitors", 0, "schedule"))
    'monitors[0].schedule'
    """
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.lstrip(".") or "(whole file)"


def _fields_at(model: type[BaseModel], location: _Location) -> tuple[str, ...]:
    """Names of the fields that the section at a location has."""
    section: Any = model
    for part in location:
        section = _step(section, part)
    return tuple(_fields(section))


def _without_kinds(model: type[BaseModel], location: _Location) -> _Location:
    """Leave out the parts that are not in the file: which member of a union was meant."""
    section: Any = model
    kept: list[str | int] = []
    for part in location:
        if not _members(section):
            kept.append(part)
        section = _step(section, part)
    return tuple(kept)


def _step(section: Any, part: str | int) -> Any:
    """Return the type one step further; None beyond what can be told."""
    if members := _members(section):
        return members.get(str(part))
    items = {tuple: 0, dict: 1}.get(get_origin(section))
    if items is not None:
        return _present(get_args(section)[items])
    return _present(_fields(section).get(str(part))) if hasattr(section, "model_fields") else None


def _members(section: Any) -> dict[str, type[BaseModel]]:
    """Return the members of a union by their `kind`."""
    models = [one for one in get_args(section) if hasattr(one, "model_fields") and "kind" in one.model_fields]
    return {get_args(one.model_fields["kind"].annotation)[0]: one for one in models}


def _fields(section: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in section.model_fields.items()}


def _present(annotation: Any) -> Any:
    """Drop the None of an optional section, and what only describes a type."""
    arguments = get_args(annotation)
    if type(None) in arguments or hasattr(annotation, "__metadata__"):
        return _present(arguments[0])
    return annotation
