"""Step Functions: moto's interpreter runs the real definition, in simulated time.

Why each part of moto 5.2.5 is replaced
---------------------------------------
- Executions only pretend to run unless the account is configured otherwise.
- ``ExecutionWorker.start`` uses a thread that nothing waits for; here executions are background work like any other.
- What is replaced of Map states and of tasks that wait is told in `localaws.stepfunctions.maps` and ``.tasks``.
- ``RetrierDecl`` and ``WaitFunction`` sleep in real time. Here no time passes inside an execution.
- ``boto_client_for`` makes a new client for each task, and looks for the account under another host name.
- ``StepFunctionsParserBackend.start_execution`` calls every execution without a name "None".
- ``Execution`` begins and ends in real time, and its ``StartTime`` in the context object is not text.
- ``AmazonStateLanguageParser.parse`` reads the definition anew for each execution, which takes longer than running it,
  and takes a percentage only with decimals.
"""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from moto.core.config import default_user_config
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from localaws.replacing import replace
from localaws.services import Services
from localaws.stepfunctions import maps, tasks
from localaws.stepfunctions.executions import Executions

_WHOLE_PERCENTAGE = re.compile(r'("ToleratedFailurePercentage"\s*:\s*\d+)(?=\s*[,}])')
_COUNTED = {"SUCCEEDED": "ExecutionsSucceeded", "FAILED": "ExecutionsFailed", "ABORTED": "ExecutionsAborted"}


def install(services: Services) -> None:
    """Let state machines run."""
    default_user_config["stepfunctions"]["execute_state_machine"] = True
    _named(services)
    _dated(services)
    executions = Executions(services.work)
    _in_background(services, executions)
    _without_waiting()
    _with_our_clients(services)
    maps.install(services)
    tasks.install(services, executions)
    _parsed_once()


def _parsed_once() -> None:
    @lru_cache(maxsize=64)
    def parse(definition: str) -> Any:
        return original(_WHOLE_PERCENTAGE.sub(r"\1.0", definition))

    original = replace(AmazonStateLanguageParser, "parse", parse)


def _named(services: Services) -> None:
    def start_execution(self: Any, state_machine_arn: str, name: str | None = None, *args: Any, **kwargs: Any) -> Any:
        return original(self, state_machine_arn, name or services.bus.new_id(), *args, **kwargs)

    original = replace(StepFunctionsParserBackend, "start_execution", start_execution)


def _dated(services: Services) -> None:
    def start(self: Any) -> None:
        self.start_date = services.clock.now
        original_start(self)

    def get_start_execution_details(self: Any) -> Any:
        details = original_details(self)
        details.start_time = self.start_date.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return details

    original_start = replace(Execution, "start", start)
    original_details = replace(Execution, "get_start_execution_details", get_start_execution_details)


def _in_background(services: Services, executions: Executions) -> None:
    def start(self: Any) -> None:
        executions.start(self._evaluation_details.execution_details.arn, self._execution_logic)

    def terminated(self: Any) -> None:
        original_terminated(self)
        execution = self.execution
        execution.stop_date = services.clock.now
        status = execution.exec_status.value
        failure = {} if execution.error is None else {"error": execution.error, "cause": execution.cause}
        services.journal.write("execution", execution.exec_arn, status=status, **failure)
        machine = {"StateMachineArn": execution.state_machine.arn}
        counts = {name: float(status == counted) for counted, name in _COUNTED.items()}
        services.metrics.put_aws("AWS/States", machine, {"ExecutionsStarted": 1.0, **counts})
        services.bus.put(
            source="aws.states",
            detail_type="Step Functions Execution Status Change",
            detail=_detail(execution, status),
            resources=[execution.exec_arn],
        )

    replace(ExecutionWorker, "start", start)
    original_terminated = replace(BaseExecutionWorkerCommunication, "terminated", terminated)


def _detail(execution: Any, status: str) -> dict[str, Any]:
    return {
        "executionArn": execution.exec_arn,
        "stateMachineArn": execution.state_machine.arn,
        "name": execution.name,
        "status": status,
        "startDate": int(execution.start_date.timestamp() * 1000),
        "stopDate": int(execution.stop_date.timestamp() * 1000),
        "input": execution.execution_input,
        "error": execution.error,
        "cause": execution.cause,
    }


def _without_waiting() -> None:
    replace(retrier_decl, "time", SimpleNamespace(sleep=lambda _: None))
    replace(WaitFunction, "_wait_interval", lambda *_, **__: None)


def _with_our_clients(services: Services) -> None:
    def boto_client_for(region: str, service: str, state_credentials: Any = None) -> Any:  # noqa: ARG001 - one region
        return services.client(service, None if state_credentials is None else state_credentials.role_arn)

    for name, module in list(sys.modules.items()):
        if name.startswith("moto.stepfunctions.") and hasattr(module, "boto_client_for"):
            replace(module, "boto_client_for", boto_client_for)
