"""What an experiment has been through: steps and stages that are written once, so no decision is made twice.

A step is one decision. It is written under the next number unless that number is taken, so of several functions that
decide at once one goes on. What a step asks for is done afterwards and marked; the next run does what is not marked.
A stage is a time of constant weights: its windows are compared with each other and with no others.
"""

from __future__ import annotations

import json
from typing import Any, Final

from functions.common.contract import Utc
from functions.common.storage import list_objects, read, read_if_present, write_if_absent
from functions.experiment.live import is_same_split
from functions.experiment.standing import Standing
from monitoring_core.spec import Frozen

TOLD: Final = "told"
WEIGHTS_SET: Final = "weights-set"


class Step(Frozen):
    """One decision.

    Attributes
    ----------
    at : datetime
        For when the run that decided was scheduled.
    stage : int
        Stage in force after it: a ramp begins the next one.
    previous : dict of str to float
        Weights before the step; after it they are `standing.weights`.
    config_name : str
        Endpoint configuration that the experiment is about.
    standing : Standing
        What was known, and is told.
    """

    number: int
    at: Utc
    stage: int = 1
    previous: dict[str, float]
    config_name: str
    standing: Standing

    @property
    def weights(self) -> dict[str, float]:
        """Weights after the step."""
        return self.standing.weights

    @property
    def changes_weights(self) -> bool:
        """Whether the endpoint is to split its traffic otherwise."""
        return not is_same_split(self.weights, self.previous)


class Stage(Frozen):
    """A time of constant weights, from `since` on."""

    number: int
    since: Utc
    weights: dict[str, float]


class StepLog:
    """The steps and stages of one experiment in S3.

    Parameters
    ----------
    prefix : str
        ``s3://.../experiments/<endpoint>/<name>/``.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def steps(self) -> list[Step]:
        """Return every step, in order."""
        return [Step.model_validate_json(read(item.uri)) for item in list_objects(f"{self._prefix}steps/")]

    def append(self, step: Step) -> bool:
        """Write the next step; False where another function has been faster."""
        return write_if_absent(f"{self._prefix}steps/{step.number:04d}.json", _bytes(step.model_dump(mode="json")))

    def is_marked(self, step: Step, done: str) -> bool:
        """Return whether something that a step asks for has been done."""
        return read_if_present(self._mark(step, done)) is not None

    def mark(self, step: Step, done: str, how: str) -> None:
        """Write down that something that a step asks for has been done."""
        write_if_absent(self._mark(step, done), _bytes({"done": how}))

    def stage(self, number: int) -> Stage | None:
        """Return a stage; None where it has not begun."""
        body = read_if_present(f"{self.stage_prefix(number)}stage.json")
        return Stage.model_validate_json(body) if body else None

    def begin(self, stage: Stage) -> Stage:
        """Write down that a stage has begun; of several functions the first says when."""
        uri = f"{self.stage_prefix(stage.number)}stage.json"
        written = write_if_absent(uri, _bytes(stage.model_dump(mode="json")))
        return stage if written else Stage.model_validate_json(read(uri))

    def stage_prefix(self, number: int) -> str:
        """Return where a stage is kept."""
        return f"{self._prefix}stages/{number}/"

    def _mark(self, step: Step, done: str) -> str:
        return f"{self._prefix}marks/{step.number:04d}-{done}.json"


def _bytes(document: dict[str, Any]) -> bytes:
    return json.dumps(document, indent=2).encode()
