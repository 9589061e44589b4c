"""Names and roles of the columns, from what Model Monitor knows of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from watchkeeper.importing.definition import Definition
from watchkeeper.importing.document import Finding

PROBLEMS: Final = {
    "BinaryClassification": "binary-classification",
    "MulticlassClassification": "multiclass-classification",
    "Regression": "regression",
}
_ROLES: Final = {"prediction": "InferenceAttribute", "probability": "ProbabilityAttribute"}
_JOB_WORDS: Final = {"prediction": "inference_attribute", "probability": "probability_attribute"}


@dataclass(frozen=True, slots=True)
class Columns:
    """Section `schema`, as far as it is known.

    Attributes
    ----------
    names : tuple of str
        Columns of a captured row, the answer's first, as the constraints of data quality name them.
    headers : tuple of str
        Features, as Clarify's configuration names them.
    roles : mapping of role to position or name
        Where prediction and probability are in the answer.
    role_names : mapping of role to name
        What the data set of a baselining job calls them.
    """

    problem: str | None
    label: str | None
    names: tuple[str, ...]
    headers: tuple[str, ...]
    roles: Mapping[str, str]
    role_names: Mapping[str, str]

    @property
    def section(self) -> dict[str, Any]:
        """The section; without roles the baseline names the columns, which needs no schema."""
        if not self.roles:
            return {} if self.label is None else {"label": self.label}
        outputs = self._outputs()
        by_role = {role: self._output(role, outputs) for role in self.roles}
        features = list(self.names[len(outputs) :] or self.headers)
        given = {"problem": self.problem, "outputs": outputs, "features": features, **by_role, "label": self.label}
        return {name: value for name, value in given.items() if value}

    def _outputs(self) -> list[str]:
        """Name the answer's columns, which come first in a captured row."""
        places = [int(at) for at in self.roles.values() if at.isdecimal()]
        count = max(places) + 1 if places else 0
        names = [*self.names[:count], *(f"output_{i}" for i in range(len(self.names[:count]), count))]
        for role, at in self.roles.items():
            if at.isdecimal():
                names[int(at)] = self.role_names.get(role, role)
        return [*names, *(at for at in self.roles.values() if not at.isdecimal() and at not in names)]

    def _output(self, role: str, outputs: Sequence[str]) -> str:
        at = self.roles[role]
        return outputs[int(at)] if at.isdecimal() else at


def columns(found: Sequence[Definition]) -> Columns:
    """Gather the columns from all definitions: each knows a part."""
    roles: dict[str, str] = {}
    names_of_roles: dict[str, str] = {}
    label: str | None = None
    problem: str | None = None
    names: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    for definition in found:
        words = _words_of_job(definition)
        for role, attribute in _ROLES.items():
            at = definition.source(attribute)
            if at is not None and _is_column(str(at)):
                roles[role] = str(at)
            if _JOB_WORDS[role] in words:
                names_of_roles[role] = words[_JOB_WORDS[role]]
        attribute = definition.source("GroundTruthAttribute") or definition.app("GroundTruthAttribute")
        label = words.get("ground_truth_attribute") or attribute or label
        problem = PROBLEMS.get(str(definition.app("ProblemType")), problem)
        names = _names(definition) or names
    for config in filter(None, (definition.config for definition in found)):
        label = config.take("label") or label
        headers = headers or tuple(header for header in config.take("headers") or () if header != label)
    needs_label = any(d.kind in {"model-quality", "model-bias"} for d in found)
    if label is None and needs_label:
        label = "label"
    return Columns(problem, label, names, headers, roles, names_of_roles)


def unreadable_paths(found: Sequence[Definition]) -> Iterator[Finding]:
    """Yield the attributes that are paths into JSON, which our columns have no need of."""
    for definition in found:
        for attribute in _ROLES.values():
            at = definition.source(attribute)
            if at is not None and not _is_column(str(at)):
                yield Finding(
                    definition.document.name,
                    f"{definition.type}JobInput.EndpointInput.{attribute}",
                    str(at),
                    "JSON is flattened to columns: name the leaf in `schema.outputs` and its role",
                )


def _is_column(attribute: str) -> bool:
    return not any(mark in attribute for mark in ".[]()*$")


def _names(definition: Definition) -> tuple[str, ...]:
    if definition.kind != "data-quality":
        return ()
    uri = definition.files().get("constraints.json")
    body = None if uri is None else definition.exported.read(uri)
    return () if body is None else tuple(str(one["name"]) for one in json.loads(body).get("features", ()))


def _words_of_job(definition: Definition) -> Mapping[str, str]:
    """Return the environment of the baselining job, which names the columns of its data set."""
    name = definition.document.take(f"{definition.type}BaselineConfig", "BaseliningJobName")
    found: Mapping[str, str] = definition.exported.jobs.get(name or "", {}).get("Environment", {})
    return found
