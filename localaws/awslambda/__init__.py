"""Lambda: deployed zips run in AWS's own runtime client, kept warm, logged and measured.

Why each of moto 5.2.5's methods is replaced
--------------------------------------------
- ``LambdaFunction.invoke`` runs the code in Docker, and runs asynchronous invocations at once and without retries.
- ``LambdaFunction.__init__`` drops the dead-letter queue and the logging configuration, which
  ``LambdaFunction.get_configuration`` should report; ``update_configuration`` must follow. It keeps the zip in memory,
  and so does ``update_function_code``.
- ``EventInvokeConfig.response`` does not name the version that it is for; there is none here but $LATEST.
- ``LambdaBackend.delete_function`` and ``LambdaFunction.update_function_code`` must end the warm environments.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from moto.awslambda.models import EventInvokeConfig, LambdaBackend, LambdaFunction

from localaws.awslambda.asynchronous import AsynchronousInvocations
from localaws.awslambda.functions import LOG_TAIL_BYTES, Functions
from localaws.replacing import replace
from localaws.services import Services

_KEPT = ("DeadLetterConfig", "LoggingConfig")


def install(services: Services) -> None:
    """Give the account a working Lambda."""
    services.functions = Functions(services)
    _keep_settings(services.functions)
    _invoke(services.functions, AsynchronousInvocations(services))
    _name_version()
    _forget(services.functions)


def _keep_settings(functions: Functions) -> None:
    def init(self: Any, account_id: str, spec: dict[str, Any], region: str, version: str | int = 1) -> None:
        self.local_settings = {name: spec[name] for name in _KEPT if name in spec}
        original_init(self, account_id, spec, region, version)
        functions.unpack(self)

    def get_configuration(self: Any, on_create: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002 - as moto calls it
        return {**original_configuration(self, on_create), **self.local_settings}

    def update_configuration(self: Any, updates: dict[str, Any]) -> Any:
        self.local_settings.update({name: updates[name] for name in _KEPT if name in updates})
        return original_update(self, updates)

    original_init = replace(LambdaFunction, "__init__", init)
    original_configuration = replace(LambdaFunction, "get_configuration", get_configuration)
    original_update = replace(LambdaFunction, "update_configuration", update_configuration)


def _invoke(functions: Functions, asynchronous: AsynchronousInvocations) -> None:
    def invoke(self: Any, body: Any, request_headers: Any, response_headers: Any) -> bytes:
        event = body.encode() if isinstance(body, str) else bytes(body or b"")
        event = event or b"{}"
        json.loads(event)  # a payload that is not JSON is refused before it reaches the function
        kind = request_headers.get("X-Amz-Invocation-Type") or request_headers.get("x-amz-invocation-type")
        if kind == "DryRun":
            return b""
        if kind == "Event":
            asynchronous.submit(self, event)
            return b""
        answer = functions.invoke(self, event)
        if answer.function_error:
            response_headers["x-amz-function-error"] = answer.function_error
        tail = answer.output.encode()[-LOG_TAIL_BYTES:]
        response_headers["x-amz-log-result"] = base64.b64encode(tail).decode()
        response_headers["x-amz-executed-version"] = str(self.version)
        return answer.result.body

    replace(LambdaFunction, "invoke", invoke)


def _name_version() -> None:
    def response(self: Any) -> dict[str, Any]:
        return {**original(self), "FunctionArn": f"{self.arn}:$LATEST"}

    original = replace(EventInvokeConfig, "response", response)


def _forget(functions: Functions) -> None:
    def delete_function(self: Any, function_name: str, qualifier: str | None = None) -> None:
        name = self.get_function(function_name, qualifier).function_name
        original_delete(self, function_name, qualifier)
        functions.forget(name)

    def update_function_code(self: Any, updated_spec: dict[str, Any]) -> Any:
        functions.forget(self.function_name)
        configuration = original_code(self, updated_spec)
        functions.unpack(self)
        return configuration

    original_delete = replace(LambdaBackend, "delete_function", delete_function)
    original_code = replace(LambdaFunction, "update_function_code", update_function_code)
