"""The expressions of a pipeline definition: ``Get``, ``Std:Join`` and ``Std:JsonGet``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(r"\.?([^.\[\]]+)|\['([^']*)'\]|\[\"([^\"]*)\"\]|\[(\d+)\]")
_ROOTS = ("Parameters", "Steps", "Execution")


class ExpressionError(ValueError):
    """An expression that has no value."""


@dataclass(frozen=True)
class Scope:
    """What expressions can refer to.

    Attributes
    ----------
    roots : mapping
        ``Parameters``, ``Steps`` and ``Execution``, each a mapping.
    property_file : callable
        Reads a property file as JSON, by step and name.
    """

    roots: Mapping[str, Mapping[str, Any]]
    property_file: Callable[[str, str], Any]

    def resolve(self, value: Any) -> Any:
        """Return `value` with every expression in it replaced by what it stands for.

        Raises
        ------
        ExpressionError
            If an expression refers to nothing, or its function is not known.
        """
        if isinstance(value, list):
            return [self.resolve(one) for one in value]
        if not isinstance(value, dict):
            return value
        match list(value.items()):
            case [("Get", str(path))]:
                return get(self.roots, path)
            case [("Std:Join", dict(join))]:
                return join["On"].join(_text(self.resolve(one)) for one in join["Values"])
            case [("Std:JsonGet", dict(found))]:
                return self._json_get(found)
            case [(str(name), _)] if name.startswith("Std:"):
                raise ExpressionError(f"the function {name} is not known on the local account")
        return {key: self.resolve(one) for key, one in value.items()}

    def _json_get(self, found: Mapping[str, Any]) -> Any:
        if "PropertyFile" not in found:
            raise ExpressionError("Std:JsonGet is only run on a PropertyFile on the local account")
        _, step, _, file = _tokens(found["PropertyFile"]["Get"])
        path = self.resolve(found["Path"])
        return _follow(self.property_file(str(step), str(file)), _tokens(path), path)


def get(roots: Mapping[str, Mapping[str, Any]], path: str) -> Any:
    """Return what `path` refers to.

    Lists can be indexed by number, and by the name of an item, as in ``Outputs['train']``.

    Examples
    --------
    >>> outputs = [{"OutputName": "train", "S3Output": {"S3Uri": "s3://bucket/train"}}]
    >>> steps = {"Prepare": {"ProcessingOutputConfig": {"Outputs": outputs}}}
    >>> get({"Steps": steps}, "Steps.Prepare.ProcessingOutputConfig.Outputs['train'].S3Output.S3Uri")
    's3://bucket/train'
    >>> get({"Steps": steps}, "Steps.Train.ModelArtifacts")
    Traceback (most recent call last):
    ...
    localaws.sagemaker.pipelines.expressions.ExpressionError: 'Steps.Train.ModelArtifacts' refers to nothing: no 'Train'
    """
    return _follow(roots, _tokens(path), path)


def step_references(value: Any) -> frozenset[str]:
    """Return the names of the steps that expressions in `value` refer to."""
    return frozenset(_references(value))


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _references(one)
    elif isinstance(value, dict):
        path = value.get("Get")
        if isinstance(path, str) and path.startswith("Steps."):
            yield str(_tokens(path)[1])
        for one in value.values():
            yield from _references(one)


def _tokens(path: str) -> list[str | int]:
    tokens: list[str | int] = []
    position = 0
    while position < len(path):
        match = _TOKEN.match(path, position)
        if match is None:
            raise ExpressionError(f"{path!r} is not a path")
        position = match.end()
        name, single, double, index = match.groups()
        tokens.append(
            int(index) if index is not None else next(one for one in (name, single, double) if one is not None)
        )
    return tokens


def _follow(value: Any, tokens: list[str | int], path: str) -> Any:
    for token in tokens:
        try:
            value = _item(value, token)
        except (KeyError, IndexError, TypeError, StopIteration) as error:
            raise ExpressionError(f"{path!r} refers to nothing: no {token!r}") from error
    return value


def _item(value: Any, token: str | int) -> Any:
    if isinstance(value, list) and isinstance(token, str):
        return next(one for one in value if any(key.endswith("Name") and one[key] == token for key in one))
    return value[token]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
