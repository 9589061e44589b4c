"""A pipeline definition: its parameters and its steps, read from the JSON the SDK writes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from localaws.sagemaker.pipelines.expressions import step_references
from localaws.sagemaker.store import Document

_CASTS: dict[str, Callable[[Any], Any]] = {
    "String": str,
    "Integer": int,
    "Float": float,
    "Boolean": lambda text: str(text).lower() == "true",
}
STEP_TYPES = ("Condition", "Fail", "Model", "Processing", "RegisterModel", "Training")


class DefinitionError(ValueError):
    """A definition that cannot be run."""


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes
    ----------
    name, kind : str
        Its name and its ``Type``.
    arguments : dict
        Not yet resolved.
    needs : frozenset of str
        The steps that have to be over before it starts, named in ``DependsOn`` or referred to.
    files : dict
        Its property files by name.
    display_name : str
        Its display name, empty when it has none.
    """

    name: str
    kind: str
    arguments: Document
    needs: frozenset[str]
    files: Mapping[str, Document]
    display_name: str

    def branches(self) -> dict[bool, list[Step]]:
        """Return the steps that a condition chooses between; nothing for other kinds."""
        if self.kind != "Condition":
            return {}
        return {
            True: [_step(one) for one in self.arguments.get("IfSteps", [])],
            False: [_step(one) for one in self.arguments.get("ElseSteps", [])],
        }


@dataclass(frozen=True)
class Definition:
    """Parameters and top-level steps of a pipeline, the steps in an order in which they can run."""

    parameters: tuple[Document, ...]
    steps: tuple[Step, ...]

    @classmethod
    def read(cls, text: str) -> Definition:
        """Read a definition.

        Raises
        ------
        DefinitionError
            If it is not JSON, has a step of a type that is not run here, or steps that wait for each other.
        """
        try:
            content = json.loads(text)
            steps = [_step(one) for one in content["Steps"]]
        except (ValueError, KeyError, TypeError) as error:
            raise DefinitionError(f"the pipeline definition cannot be read: {error!r}") from error
        known = {name for step in steps for name in _names(step)}
        if unknown := {name for step in steps for name in _all_needs(step)} - known:
            raise DefinitionError(f"steps wait for {sorted(unknown)}, which the pipeline does not have")
        return cls(tuple(content.get("Parameters", [])), tuple(ordered(steps)))

    def values(self, given: Mapping[str, str]) -> dict[str, Any]:
        """Return every parameter's value: the given one, or else its default.

        Raises
        ------
        DefinitionError
            If one is unknown, missing, of the wrong type, or not among its allowed values.
        """
        known = {parameter["Name"]: parameter for parameter in self.parameters}
        if unknown := given.keys() - known.keys():
            raise DefinitionError(f"the pipeline has no parameters {sorted(unknown)}; it has {sorted(known) or 'none'}")
        return {name: _value(parameter, given) for name, parameter in known.items()}


def ordered(steps: list[Step]) -> list[Step]:
    """Return `steps` so that each comes after those it needs; otherwise as they were written.

    Raises
    ------
    DefinitionError
        If steps wait for each other.
    """
    names = {name for step in steps for name in _names(step)}
    waiting, done, result = list(steps), set[str](), list[Step]()
    while waiting:
        ready = next((step for step in waiting if not (_all_needs(step) & names) - done), None)
        if ready is None:
            raise DefinitionError(f"the steps {[step.name for step in waiting]} wait for each other")
        waiting.remove(ready)
        result.append(ready)
        done |= set(_names(ready))
    return result


def _step(content: Document) -> Step:
    kind, name = content["Type"], content["Name"]
    if kind not in STEP_TYPES:
        raise DefinitionError(
            f"step {name!r} is of type {kind!r}, which is not run on the local account; it runs {', '.join(STEP_TYPES)}"
        )
    arguments: Document = content.get("Arguments", {})
    looked_at = {key: value for key, value in arguments.items() if key not in ("IfSteps", "ElseSteps")}
    return Step(
        name=name,
        kind=kind,
        arguments=arguments,
        needs=frozenset(content.get("DependsOn", [])) | step_references(looked_at),
        files={file["PropertyFileName"]: file for file in content.get("PropertyFiles", [])},
        display_name=content.get("DisplayName", ""),
    )


def _names(step: Step) -> Iterator[str]:
    yield step.name
    for branch in step.branches().values():
        for inner in branch:
            yield from _names(inner)


def _all_needs(step: Step) -> set[str]:
    """Return what a step waits for, what its branches need of the outside included."""
    inner = [needed for branch in step.branches().values() for one in branch for needed in _all_needs(one)]
    return (set(step.needs) | set(inner)) - set(_names(step))


def _value(parameter: Document, given: Mapping[str, str]) -> Any:
    name, kind = parameter["Name"], parameter["Type"]
    value = given.get(name, parameter.get("DefaultValue"))
    if value is None:
        raise DefinitionError(f"the pipeline's parameter {name!r} has no default: give a value")
    allowed = parameter.get("EnumValues")
    if allowed and value not in allowed:
        raise DefinitionError(f"the pipeline's parameter {name!r} is {value!r}; allowed are {allowed}")
    try:
        return _CASTS[kind](value)
    except (KeyError, ValueError) as error:
        raise DefinitionError(f"the pipeline's parameter {name!r} is {value!r}, which is no {kind}") from error
