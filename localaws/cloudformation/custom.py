"""Custom resources: a function is invoked and answers to a URL."""

from __future__ import annotations

import json
import threading
import uuid
from typing import Any, ClassVar

from localaws.cloudformation.resource import ApiResource, Properties

RESPONSE_PATH = "/localaws/custom-resources"

DEFAULT_TIMEOUT_SECONDS = 3600
"""How long CloudFormation waits for an answer where the template does not say (``ServiceTimeout``)."""


class CustomResourceError(RuntimeError):
    """The function said FAILED, or did not answer."""


class Responses:
    """Answers of functions on their way to who waits for them."""

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[threading.Event, dict[str, Any]]] = {}

    def open(self, request_id: str) -> None:
        """Expect an answer."""
        self._waiting[request_id] = (threading.Event(), {})

    def put(self, request_id: str, body: bytes) -> bool:
        """Take an answer; False when nobody waits for it."""
        if request_id not in self._waiting:
            return False
        event, answer = self._waiting[request_id]
        answer.update(json.loads(body))
        event.set()
        return True

    def take(self, request_id: str, timeout: float) -> dict[str, Any] | None:
        """Wait for an answer; None when there is none in time."""
        event, answer = self._waiting[request_id]
        event.wait(timeout)
        del self._waiting[request_id]
        return answer or None


class CustomResource(ApiResource):
    """``Custom::...`` and ``AWS::CloudFormation::CustomResource`` with a function as service token.

    moto's own answers to a host name of Docker, does not wait, and never sends Update or Delete.
    """

    TYPE = "AWS::CloudFormation::CustomResource"
    responses: ClassVar[Responses] = Responses()

    logical_id = ""
    stack_id = ""
    resource_type = TYPE

    def create(self) -> None:
        """Send Create."""
        self._request("Create")

    def update(self, properties: Properties) -> None:
        """Send Update, with the old properties."""
        old, self.properties = self.properties, properties
        self._request("Update", PhysicalResourceId=self.physical_id, OldResourceProperties=old)

    def remove(self) -> None:
        """Send Delete."""
        self._request("Delete", PhysicalResourceId=self.physical_id)

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, *_: Any, **context: Any
    ) -> CustomResource:
        """Make the resource from its part of the template."""
        resource = cls(resource_name, dict(cloudformation_json["Properties"]))
        resource.logical_id, resource.stack_id = context["LogicalId"], context["StackId"]
        resource.resource_type = context["ResourceType"]
        resource.create()
        return resource

    def _request(self, request_type: str, **more: Any) -> None:
        request_id = str(uuid.uuid4())
        self.responses.open(request_id)
        event = {
            "RequestType": request_type,
            "ServiceToken": self.properties["ServiceToken"],
            "ResponseURL": f"{self.services.endpoint_url}{RESPONSE_PATH}/{request_id}",
            "StackId": self.stack_id,
            "RequestId": request_id,
            "LogicalResourceId": self.logical_id,
            "ResourceType": self.resource_type,
            "ResourceProperties": self.properties,
            **more,
        }
        # CloudFormation invokes asynchronously; the answer counts, whatever the function returns.
        invoked = self.client("lambda").invoke(FunctionName=event["ServiceToken"], Payload=json.dumps(event))
        silent = 1.0 if "FunctionError" in invoked else self._timeout()
        answer = self.responses.take(request_id, silent)
        if answer is None:
            said = invoked["Payload"].read().decode()
            raise CustomResourceError(f"{request_type}: the function did not answer to the ResponseURL; it said {said}")
        if answer["Status"] != "SUCCESS":
            raise CustomResourceError(f"{request_type}: the function answered FAILED: {answer.get('Reason')}")
        self.physical_id = answer["PhysicalResourceId"]
        self.attributes = answer.get("Data") or {}

    def _timeout(self) -> float:
        return float(self.properties.get("ServiceTimeout", DEFAULT_TIMEOUT_SECONDS))
