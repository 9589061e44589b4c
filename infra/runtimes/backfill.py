"""Backfill: the windows of a span of time, each as an execution of the main state machine, some at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aws_cdk import Duration, aws_stepfunctions, aws_stepfunctions_tasks
from constructs import Construct

from infra.config import EndpointConfig
from infra.constructs.functions import MonitorFunction
from infra.constructs.nag import acknowledge_wildcard
from infra.constructs.storage import Storage
from infra.runtimes.definition import invoke
from infra.runtimes.state_machine import executions_arn, state_machine

_TIMEOUT: Final = Duration.days(7)
_ALREADY_RUN: Final = "StepFunctions.ExecutionAlreadyExistsException"
_Condition = aws_stepfunctions.Condition


class Backfill(Construct):
    """Runs windows of the past, the oldest first, without running one twice.

    Attributes
    ----------
    machine : StateMachine
        Started with ``{"from", "to"}`` and, if wanted, ``"monitors"``.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: EndpointConfig,
        storage: Storage,
        runs: Mapping[str, Any],
        machine: aws_stepfunctions.StateMachine,
    ) -> None:
        super().__init__(scope, construct_id)
        listing = MonitorFunction(self, "WindowsFunction", name="windows", config=config, key=storage.key, grants=[])
        given = {"runs": runs, "request.$": "$", "max_concurrency": config.runtime.backfill_concurrency}
        specs = aws_stepfunctions.Pass(self, "Given", parameters=given)
        windows = invoke(self, "Windows", listing.function, result_path="$")
        start = specs.next(windows).next(self._each(machine)).next(self._end())
        self.machine = state_machine(
            self,
            "StateMachine",
            config=config,
            comment="backfill",
            start=start,
            functions=[listing.function],
            key=storage.key,
            timeout=_TIMEOUT,
        )
        self._acknowledge(machine)

    def _each(self, machine: aws_stepfunctions.StateMachine) -> aws_stepfunctions.DistributedMap:
        each = aws_stepfunctions.DistributedMap(
            self,
            "Each window",
            items_path="$.windows",
            max_concurrency_path="$.max_concurrency",
            map_execution_type=aws_stepfunctions.StateMachineType.STANDARD,
            result_selector={"failed.$": "States.ArrayContains($[*].failed, true)"},
            result_path="$",
        )
        return each.item_processor(self._window(machine))

    def _window(self, machine: aws_stepfunctions.StateMachine) -> aws_stepfunctions.IChainable:
        """Return the way of one window; one that fails does not stop the others."""
        run = aws_stepfunctions_tasks.StepFunctionsStartExecution(
            self,
            "Run",
            state_machine=machine,
            integration_pattern=aws_stepfunctions.IntegrationPattern.RUN_JOB,
            name=aws_stepfunctions.JsonPath.string_at("$.name"),
            input=aws_stepfunctions.TaskInput.from_json_path_at("$.input"),
            result_path=aws_stepfunctions.JsonPath.DISCARD,
        )
        over = aws_stepfunctions.Pass(self, "Over", parameters={"failed": False})
        failed = aws_stepfunctions.Pass(self, "Not over", parameters={"failed": True})
        run.add_catch(over, errors=[_ALREADY_RUN]).add_catch(failed)
        return run.next(over)

    def _end(self) -> aws_stepfunctions.IChainable:
        failed = _Condition.boolean_equals("$.failed", True)  # noqa: FBT003 - CDK's signature
        cause = "Executions of some windows have failed; each has been reported."
        return (
            aws_stepfunctions.Choice(self, "Did any window fail?")
            .when(failed, aws_stepfunctions.Fail(self, "Failed", cause=cause))
            .otherwise(aws_stepfunctions.Succeed(self, "Done"))
        )

    def _acknowledge(self, machine: aws_stepfunctions.StateMachine) -> None:
        """Give the reasons for the wildcards in what CDK allows the backfill to do."""
        executions = f"{executions_arn(self, machine)}*"
        acknowledge_wildcard(self.machine.role, executions, "Executions are named by their windows.")
        own = executions_arn(self, self.machine)
        for suffix in (":*", "/*:*"):
            acknowledge_wildcard(self.machine, f"{own}{suffix}", "Step Functions names the executions of a map.")
