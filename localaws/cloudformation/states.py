"""Step Functions and log groups."""

from __future__ import annotations

import json
from typing import Any

from localaws.cloudformation.resource import ApiResource, Properties, tag_map


class StateMachine(ApiResource):
    """``AWS::StepFunctions::StateMachine``; moto's own drops logging, tracing, type and definition objects."""

    TYPE = "AWS::StepFunctions::StateMachine"
    NAME = "StateMachineName"
    MAX_NAME = 80

    def create(self) -> None:
        """Create the state machine."""
        answer = self.client("stepfunctions").create_state_machine(name=self.name, **self._call())
        self.physical_id = answer["stateMachineArn"]
        self.attributes = {"Arn": self.physical_id, "Name": self.name}

    def update(self, properties: Properties) -> None:
        """Update the state machine; executions stay."""
        self.properties = {key: value for key, value in properties.items() if key != self.NAME}
        call = {key: value for key, value in self._call().items() if key not in ("type", "tags")}
        self.client("stepfunctions").update_state_machine(stateMachineArn=self.physical_id, **call)

    def remove(self) -> None:
        """Delete the state machine."""
        self.client("stepfunctions").delete_state_machine(stateMachineArn=self.physical_id)

    def _call(self) -> dict[str, Any]:
        properties = dict(self.properties)
        definition = properties.pop("DefinitionString", None) or json.dumps(properties.pop("Definition"))
        for name, value in properties.pop("DefinitionSubstitutions", {}).items():
            definition = definition.replace(f"${{{name}}}", str(value))
        call = {_lower_first(key): _lower_first_keys(value) for key, value in properties.items()}
        call["definition"] = definition
        if "stateMachineType" in call:
            call["type"] = call.pop("stateMachineType")
        return call


class LogGroup(ApiResource):
    """``AWS::Logs::LogGroup``; moto's own ignores class and protection, and cannot be deleted by name."""

    TYPE = "AWS::Logs::LogGroup"
    NAME = "LogGroupName"

    def create(self) -> None:
        """Create the group."""
        call = {
            _lower_first(key): value for key, value in self.named().items() if key not in ("RetentionInDays", "Tags")
        }
        if "Tags" in self.properties:
            call["tags"] = tag_map(self.properties["Tags"])
        self.client("logs").create_log_group(**call)
        if days := self.properties.get("RetentionInDays"):
            self.client("logs").put_retention_policy(logGroupName=self.name, retentionInDays=days)
        self.attributes = {"Arn": self.arn("logs", f"log-group:{self.name}:*")}

    def remove(self) -> None:
        """Delete the group."""
        self.client("logs").delete_log_group(logGroupName=self.name)


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]


def _lower_first_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {_lower_first(key): _lower_first_keys(inner) for key, inner in value.items()}
    return [_lower_first_keys(inner) for inner in value] if isinstance(value, list) else value


TYPES = (StateMachine, LogGroup)
