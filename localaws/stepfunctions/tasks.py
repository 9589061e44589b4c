"""Tasks that start a SageMaker job or another execution, and may wait for it (``.sync``, ``.sync:2``).

Why moto 5.2.5's tasks are replaced
-----------------------------------
- ``sagemaker:createProcessingJob`` and its like are forwarded, but cannot be waited for.
- ``states:startExecution`` looks for ``ExecutionArn`` in an answer that says ``executionArn``: it fails always.
- Both would look every half second of real time whether what they wait for is over.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.state_task import state_task_factory
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (
    StateTaskServiceCallback,
)

from localaws.replacing import replace
from localaws.services import Services
from localaws.stepfunctions.executions import Executions


@dataclass(frozen=True)
class Outcome:
    """What became of what a task has waited for."""

    succeeded: bool
    document: dict[str, Any]


class _Task(StateTaskServiceCallback, ABC):
    """A task of one service integration.

    Attributes
    ----------
    actions : mapping
        The API actions that can be waited for, and how: the ends of resource ARNs, ``sync`` and ``sync:2``.
    """

    services: ClassVar[Services]
    actions: ClassVar[Mapping[str, frozenset[str | None]]]

    def __init__(self) -> None:
        super().__init__(supported_integration_patterns=set())
        self.role = ""

    @abstractmethod
    def submit(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Start what the task starts, and return the API's answer."""

    @abstractmethod
    def finish(self, answer: dict[str, Any], parameters: dict[str, Any]) -> Outcome:
        """Wait until it is over."""

    @abstractmethod
    def error_name(self, error: ClientError) -> str:
        """Return the name under which a state machine catches an error of the API."""

    def _validate_service_integration_is_supported(self) -> None:
        if self.resource.condition not in self.actions.get(self.resource.api_action, ()):
            raise ValueError(
                f"The resource provided {self.resource.resource_arn} is not run on the local account; it has "
                f"{', '.join(sorted(self.actions))}, alone or with the ending .sync."
            )

    def _eval_service_task(
        self, env: Any, resource_runtime_part: Any, normalised_parameters: dict[str, Any], state_credentials: Any
    ) -> None:
        del resource_runtime_part  # one region
        self.role = state_credentials.role_arn
        env.stack.append(_plain(self.submit(normalised_parameters)))

    def _eval_integration_pattern(
        self, env: Any, resource_runtime_part: Any, normalised_parameters: dict[str, Any], state_credentials: Any
    ) -> None:
        del resource_runtime_part, state_credentials
        outcome = self.finish(env.stack.pop(), normalised_parameters)
        document = _plain(outcome.document)
        if not outcome.succeeded:
            failed = StatesErrorName(typ=StatesErrorNameType.StatesTaskFailed)
            raise FailureEventException(self._failure(env, failed, json.dumps(document, separators=(",", ":"))))
        env.stack.append(document)

    def _from_error(self, env: Any, ex: Exception) -> FailureEvent:
        if isinstance(ex, ClientError):
            return self._failure(env, CustomErrorName(self.error_name(ex)), ex.response["Error"]["Message"])
        return super()._from_error(env=env, ex=ex)

    def _failure(self, env: Any, name: ErrorName, cause: str) -> FailureEvent:
        failed = {
            "error": name.error_name,
            "cause": cause,
            "resource": self._get_sfn_resource(),
            "resourceType": self._get_sfn_resource_type(),
        }
        details: Any = {"taskFailedEventDetails": failed}
        return FailureEvent(
            env=env,
            error_name=name,
            event_type=HistoryEventType.TaskFailed,
            event_details=details,
        )


class SageMakerTask(_Task):
    """``sagemaker:createProcessingJob`` and the like; the output of a task that waits is the job's description."""

    actions: ClassVar = {
        action: frozenset({None, "sync"})
        for action in ("createProcessingJob", "createTrainingJob", "createTransformJob")
    }
    _MODELLED: ClassVar = ("ResourceInUse", "ResourceLimitExceeded", "ResourceNotFound")

    def submit(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Create the job."""
        answer: dict[str, Any] = getattr(self._client(), f"create_{self._kind().lower()}_job")(**parameters)
        return answer

    def finish(self, answer: dict[str, Any], parameters: dict[str, Any]) -> Outcome:
        """Wait for the job, and describe it."""
        del answer
        kind = self._kind()
        name = parameters[f"{kind}JobName"]
        self.services.sagemaker.wait(kind, name)
        document = getattr(self._client(), f"describe_{kind.lower()}_job")(**{f"{kind}JobName": name})
        return Outcome(document[f"{kind}JobStatus"] == "Completed", document)

    def error_name(self, error: ClientError) -> str:
        """Return an error of its own for those in the API's model, and one for all others."""
        code = error.response["Error"]["Code"]
        return f"SageMaker.{code}Exception" if code in self._MODELLED else "SageMaker.AmazonSageMakerException"

    def _kind(self) -> str:
        return str(self.resource.api_action).removeprefix("create").removesuffix("Job")

    def _client(self) -> Any:
        return self.services.client("sagemaker", self.role)


class ExecutionTask(_Task):
    """``states:startExecution``; with ``.sync:2`` the other execution's output is JSON, with ``.sync`` it is text."""

    actions: ClassVar = {"startExecution": frozenset({None, "sync", "sync:2"})}
    executions: ClassVar[Executions]

    def submit(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Start the other execution."""
        given = parameters.get("Input", {})
        call = {_lower_first(name): value for name, value in parameters.items()}
        call["input"] = given if isinstance(given, str) else json.dumps(given, separators=(",", ":"))
        answer: dict[str, Any] = self._client().start_execution(**call)
        return {_upper_first(name): value for name, value in answer.items()}

    def finish(self, answer: dict[str, Any], parameters: dict[str, Any]) -> Outcome:
        """Run the other execution, whose turn has not come, and describe it."""
        del parameters
        self.executions.run(answer["ExecutionArn"])
        described = self._client().describe_execution(executionArn=answer["ExecutionArn"])
        document = {_upper_first(name): value for name, value in described.items()}
        if self.resource.condition == "sync:2":
            document |= {name: json.loads(document[name]) for name in ("Input", "Output") if name in document}
        return Outcome(document["Status"] == "SUCCEEDED", document)

    def error_name(self, error: ClientError) -> str:
        """Return the API's error under the service's name."""
        return f"StepFunctions.{error.response['Error']['Code']}Exception"

    def _client(self) -> Any:
        return self.services.client("stepfunctions", self.role)


def install(services: Services, executions: Executions) -> None:
    """Let moto's parser make these tasks."""
    _Task.services, ExecutionTask.executions = services, executions
    ours: Mapping[str, type[_Task]] = {"sagemaker": SageMakerTask, "states": ExecutionTask}

    def state_task_service_for(service_name: str) -> Any:
        return ours[service_name]() if service_name in ours else original(service_name)

    original = replace(state_task_factory, "state_task_service_for", state_task_service_for)


def _plain(value: Any) -> Any:
    """Return an answer of the API as a state machine sees it: without metadata, times in epoch milliseconds."""
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items() if name != "ResponseMetadata"}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return int(value.timestamp() * 1000) if isinstance(value, datetime) else value


def _upper_first(name: str) -> str:
    return name[:1].upper() + name[1:]


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]
