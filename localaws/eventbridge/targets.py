"""Hands something to whatever an ARN names: the far side of rules, schedules, alarms and destinations."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from localaws.services import Services

_PARTS_OF_AN_ARN = 5
_QUEUE_DEPTH = "ApproximateNumberOfMessagesVisible"


class UnsupportedTargetError(ValueError):
    """An ARN that nothing can be handed to here."""


@dataclass(frozen=True)
class Delivery:
    """One attempt to hand something over.

    Attributes
    ----------
    source_arn : str
        The rule or schedule it comes from.
    target : mapping
        As PutTargets takes it.
    text : str
        What is handed over; JSON text.
    attributes : mapping
        Message attributes that a dead-letter queue gets beside the error, for instance the rule's ARN.
    """

    source_arn: str
    target: Mapping[str, Any]
    text: str
    attributes: Mapping[str, str] = field(default_factory=dict)


class Targets:
    """Delivers.

    Parameters
    ----------
    services : Services
        The account.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._by_service: Mapping[str, Callable[[str, str, Mapping[str, Any]], None]] = {
            "events": self._to_bus,
            "lambda": self._to_function,
            "logs": self._to_log_group,
            "sagemaker": self._to_pipeline,
            "scheduler": self._to_api,
            "sns": self._to_topic,
            "sqs": self._to_queue,
            "states": self._to_state_machine,
        }

    def check(self, arn: str) -> None:
        """Refuse an ARN that nothing can be handed to.

        Raises
        ------
        UnsupportedTargetError
            Names the ARN and what is possible.
        """
        if _service(arn) not in self._by_service:
            raise UnsupportedTargetError(
                f"target {arn!r} cannot be reached on the local account; possible are {', '.join(self._by_service)}"
            )

    def send(self, arn: str, payload: Any, role: str) -> None:
        """Hand a JSON-ready `payload` to `arn`, with the permissions of `role`; an error of the target is raised."""
        self._send({"Arn": arn, "RoleArn": role}, json.dumps(payload))

    def deliver(self, delivery: Delivery) -> bool:
        """Hand over; what cannot be handed over goes to the dead-letter queue of the target, if it has one.

        A target that refuses refuses again: errors here are of the kind that EventBridge does not retry.
        """
        try:
            self._send(delivery.target, delivery.text)
        except (ClientError, BotoCoreError, UnsupportedTargetError, ValueError, KeyError) as error:
            self._failed(delivery, error)
            return False
        self._services.journal.write("delivery", delivery.target["Arn"], source=delivery.source_arn, status="delivered")
        return True

    def dead_letter(self, queue_arn: str, body: str, attributes: Mapping[str, str], role: str | None = None) -> None:
        """Put a message into a dead-letter queue (or topic), and publish the queue's depth as SQS does.

        It is sent with the permissions of `role`; without one the queue's own policy counts.
        """
        typed = {name: {"DataType": "String", "StringValue": text} for name, text in attributes.items() if text}
        if _service(queue_arn) == "sns":
            self._services.client("sns", role).publish(TopicArn=queue_arn, Message=body, MessageAttributes=typed)
            return
        sqs, url = self._services.client("sqs"), self._queue_url(queue_arn)
        self._services.client("sqs", role).send_message(QueueUrl=url, MessageBody=body, MessageAttributes=typed)
        depth = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
        self._services.metrics.put_aws(
            "AWS/SQS",
            {"QueueName": queue_arn.rsplit(":", 1)[-1]},
            {_QUEUE_DEPTH: float(depth["ApproximateNumberOfMessages"])},
        )

    def _send(self, target: Mapping[str, Any], text: str) -> None:
        self.check(target["Arn"])
        self._by_service[_service(target["Arn"])](target["Arn"], text, target)

    def _failed(self, delivery: Delivery, error: Exception) -> None:
        queue = delivery.target.get("DeadLetterConfig", {}).get("Arn")
        self._services.journal.write(
            "delivery",
            delivery.target["Arn"],
            source=delivery.source_arn,
            status="failed",
            error=str(error),
            queue=queue,
        )
        if queue:
            code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
            attributes = {
                **delivery.attributes,
                "TARGET_ARN": delivery.target["Arn"],
                "ERROR_CODE": code,
                "ERROR_MESSAGE": str(error)[:1024],
                "RETRY_ATTEMPTS": "0",
            }
            self.dead_letter(queue, delivery.text, attributes, self._role_for_dead_letters(delivery))

    def _to_function(self, arn: str, text: str, target: Mapping[str, Any]) -> None:
        self._client("lambda", target).invoke(FunctionName=arn, InvocationType="Event", Payload=text.encode())

    def _to_queue(self, arn: str, text: str, target: Mapping[str, Any]) -> None:
        group = target.get("SqsParameters", {}).get("MessageGroupId")
        more = {"MessageGroupId": group} if group else {}
        self._client("sqs", target).send_message(QueueUrl=self._queue_url(arn), MessageBody=text, **more)

    def _to_topic(self, arn: str, text: str, target: Mapping[str, Any]) -> None:
        self._client("sns", target).publish(TopicArn=arn, Message=text)

    def _to_state_machine(self, arn: str, text: str, target: Mapping[str, Any]) -> None:
        self._client("stepfunctions", target).start_execution(stateMachineArn=arn, input=text)

    def _to_pipeline(self, arn: str, _: str, target: Mapping[str, Any]) -> None:
        parameters = target.get("SageMakerPipelineParameters", {}).get("PipelineParameterList", [])
        self._client("sagemaker", target).start_pipeline_execution(
            PipelineName=arn.rsplit("/", 1)[-1], PipelineParameters=parameters
        )

    def _to_log_group(self, arn: str, text: str, _: Mapping[str, Any]) -> None:
        group, logs = arn.split(":log-group:", 1)[1].removesuffix(":*"), self._services.client("logs")
        at = int(self._services.clock.now.timestamp() * 1000)
        stream = f"{at}-{len(text)}"
        with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
            logs.create_log_stream(logGroupName=group, logStreamName=stream)
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[{"timestamp": at, "message": text}])

    def _to_bus(self, arn: str, text: str, target: Mapping[str, Any]) -> None:
        event = json.loads(text)
        entry = {"Source": event["source"], "DetailType": event["detail-type"], "Detail": json.dumps(event["detail"])}
        self._client("events", target).put_events(Entries=[{**entry, "EventBusName": arn}])

    def _to_api(self, arn: str, text: str, target: Mapping[str, Any]) -> None:
        """Call any operation: ``arn:aws:scheduler:::aws-sdk:sqs:sendMessage``."""
        service, operation = arn.rsplit(":", 2)[1:]
        name = xform_name(operation[:1].upper() + operation[1:])
        getattr(self._client(_SDK_NAMES.get(service, service), target), name)(**json.loads(text))

    def _role_for_dead_letters(self, delivery: Delivery) -> str | None:
        """Return the role of a schedule; a rule sends its dead letters as the service."""
        return delivery.target.get("RoleArn") if _service(delivery.source_arn) == "scheduler" else None

    def _client(self, service: str, target: Mapping[str, Any]) -> Any:
        """Return a client with the permissions of the target's role; without one the target's own policy counts."""
        return self._services.client(service, target.get("RoleArn"))

    def _queue_url(self, arn: str) -> str:
        url: str = self._services.client("sqs").get_queue_url(QueueName=arn.rsplit(":", 1)[-1])["QueueUrl"]
        return url


_SDK_NAMES = {"sfn": "stepfunctions", "cloudwatchlogs": "logs", "eventbridge": "events"}
"""Names of the universal targets that boto3 spells otherwise."""


def _service(arn: str) -> str:
    parts = arn.split(":", _PARTS_OF_AN_ARN)
    if len(parts) <= _PARTS_OF_AN_ARN or parts[0] != "arn":
        raise UnsupportedTargetError(f"{arn!r} is not an ARN")
    return parts[2]
