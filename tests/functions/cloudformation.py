"""Asks custom resources as CloudFormation does: a request goes in, an answer is PUT to a URL."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import urllib3
from botocore.stub import Stubber

from functions.common.clients import client

from .conftest import Context

PLENTY = 900_000
"""Milliseconds that a function has left, unless a test says otherwise."""
_URL = "https://answers.example.com/1"


@dataclass(frozen=True)
class Leftover(Context):
    """A Lambda context with some time left."""

    milliseconds: int = PLENTY

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


@dataclass(frozen=True)
class CloudFormation:
    """What waits for the answers of one handler."""

    handler: Callable[[dict[str, Any], Any], object]
    answers: list[dict[str, Any]] = field(default_factory=list)

    def put(self, method: str, url: str, **request: Any) -> Any:
        """Stands in for `urllib3.PoolManager.request`."""
        assert (method, url) == ("PUT", _URL)
        self.answers.append(json.loads(request["body"]))
        return urllib3.HTTPResponse(status=200)

    def ask(
        self,
        request_type: str,
        properties: Mapping[str, Any],
        *,
        physical_id: str,
        resource_type: str = "AWS::CloudFormation::CustomResource",
        milliseconds: int = PLENTY,
    ) -> dict[str, Any]:
        """Send one request; return the answer. What is there already has `physical_id`."""
        event = {
            "RequestType": request_type,
            "ResourceType": resource_type,
            "ResponseURL": _URL,
            "StackId": "arn:aws:cloudformation:us-east-1:111122223333:stack/s/1",
            "RequestId": "request-1",
            "LogicalResourceId": "Resource",
            "ResourceProperties": {"ServiceToken": "arn", **properties},
            **({} if request_type == "Create" else {"PhysicalResourceId": physical_id}),
        }
        self.handler(event, Leftover(milliseconds=milliseconds))
        return self.answers.pop()


@contextmanager
def stubbed(service: str) -> Iterator[Stubber]:
    """Answer the calls of a service as told, in this order; all of them have to be made."""
    with Stubber(client(service)) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()
