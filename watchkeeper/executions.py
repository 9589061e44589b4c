"""Executions of a deployed state machine: started, waited for, and what they have published."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any, Final, Self

from functions.common.clients import client
from functions.common.contract import PublishedRun
from monitoring_core.errors import ConfigError

RUNNING: Final = "RUNNING"
_STARTS: Final = re.compile(r'"StateMachineArn"\s*:\s*"([^"]+)"')


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution."""

    arn: str

    @classmethod
    def named(cls, state_machine: str, name: str) -> Self:
        """Return an execution of a state machine by its name.

        Examples
        --------
        >>> Execution.named("arn:aws:states:us-east-1:111122223333:stateMachine:Runs", "one").arn
        'arn:aws:states:us-east-1:111122223333:execution:Runs:one'
        """
        return cls(f"{state_machine.replace(':stateMachine:', ':execution:')}:{name}")

    @property
    def name(self) -> str:
        """Its name."""
        return self.arn.rpartition(":")[2]

    def describe(self) -> dict[str, Any]:
        """Return what Step Functions tells of it."""
        found: dict[str, Any] = client("stepfunctions").describe_execution(executionArn=self.arn)
        return found

    def status(self) -> str:
        """Return ``RUNNING``, ``SUCCEEDED``, ``FAILED``, ``TIMED_OUT`` or ``ABORTED``."""
        return str(self.describe()["status"])

    def wait(self) -> Iterator[None]:
        """Come back every few seconds until it is over."""
        for pause in chain((0.2, 0.5, 1.0, 2.0), repeat(5.0)):
            if self.status() != RUNNING:
                return
            yield
            time.sleep(pause)

    def published(self) -> list[PublishedRun]:
        """Return the runs that were published, in the order of their publication; none where it was never started."""
        try:
            ends = [output for name, output in self._outputs() if name.startswith("Publish")]
        except client("stepfunctions").exceptions.ExecutionDoesNotExist:
            return []
        outputs = (end.get("published", end) for end in ends)  # Plan's failure keeps its input around it
        return [PublishedRun.model_validate(run) for output in outputs for run in output.get("runs", ())]

    def output_of(self, state: str) -> dict[str, Any] | None:
        """Return what a state handed on; None where it was not reached."""
        return next((output for name, output in self._outputs() if name == state), None)

    def progress(self) -> tuple[int, int] | None:
        """Return how many items of its distributed map are over, and of how many; None before there is one."""
        runs = client("stepfunctions").list_map_runs(executionArn=self.arn)["mapRuns"]
        if not runs:
            return None
        counts = client("stepfunctions").describe_map_run(mapRunArn=runs[0]["mapRunArn"])["itemCounts"]
        return counts["total"] - counts["pending"] - counts["running"], counts["total"]

    def _outputs(self) -> Iterator[tuple[str, dict[str, Any]]]:
        pages = client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=self.arn)
        for page in pages:
            for event in page["events"]:
                if detail := event.get("stateExitedEventDetails"):
                    output = json.loads(detail.get("output", "{}"))
                    yield detail["name"], output if isinstance(output, dict) else {}


def start(state_machine: str, given: dict[str, Any], name: str | None = None) -> Execution:
    """Start an execution."""
    named = {} if name is None else {"name": name}
    answer = client("stepfunctions").start_execution(stateMachineArn=state_machine, input=json.dumps(given), **named)
    return Execution(answer["executionArn"])


def started_by(state_machine: str) -> str:
    """Return the ARN of the state machine that another one starts.

    Raises
    ------
    ConfigError
        If it starts none.
    """
    definition = client("stepfunctions").describe_state_machine(stateMachineArn=state_machine)["definition"]
    found = _STARTS.search(definition)
    if found is None:
        raise ConfigError(f"{state_machine} starts no other state machine; give the ARN in the output BackfillArn")
    return found[1]
