"""Invoking functions: warm environments, output to CloudWatch Logs, metrics from the output."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from moto.awslambda.utils import get_backend
from moto.logs.models import logs_backends

from localaws.access import Permission
from localaws.awslambda.codestore import CodeStore
from localaws.awslambda.environment import Environment, FunctionCode
from localaws.awslambda.interpreter import CannotRunFunctionError
from localaws.awslambda.runtime_api import Result, error_body
from localaws.cloudwatch.emf import EmbeddedMetricError, embedded_metrics
from localaws.services import Services

LOG_TAIL_BYTES = 4096
"""How much of the output an invocation with ``LogType=Tail`` returns, as in AWS."""

_KEPT_LINES = 10_000


@dataclass(frozen=True)
class Answer:
    """How an invocation ended."""

    request_id: str
    result: Result
    output: str

    @property
    def function_error(self) -> str | None:
        """What the ``X-Amz-Function-Error`` header says; None after a success."""
        return None if self.result.outcome == "response" else "Unhandled"


class Functions:
    """All functions of the account.

    Parameters
    ----------
    services : Services
        The account.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._code = CodeStore(services.work_dir / "code")
        self._idle: dict[FunctionCode, list[Environment]] = defaultdict(list)
        self._lines: dict[str, deque[str]] = defaultdict(lambda: deque(maxlen=_KEPT_LINES))
        self._lock = threading.Lock()

    def unpack(self, function: Any) -> None:
        """Unpack the zip of a new or changed function, and let moto forget the bytes: zips are large."""
        self._code.unpacked(function.code_sha_256, function.code_bytes)
        function.code_bytes = b""

    def invoke(self, function: Any, event: bytes) -> Answer:
        """Run `function` (moto's record of it) on one event, and wait for the result."""
        code = function_code(function)
        began = time.monotonic()
        try:
            with self._environment(code, function) as environment:
                request_id, result = environment.invoke(event)
                printed = environment.new_output()
        except CannotRunFunctionError as error:
            request_id, result, printed = "-", Result("exit", error_body("Runtime.CannotRun", str(error))), f"{error}\n"
        duration_ms = (time.monotonic() - began) * 1000
        output = _framed(code, request_id, printed, result, duration_ms)
        self._take_down(code, request_id, output, result, duration_ms)
        return Answer(request_id, result, output)

    def log_lines(self, name: str) -> list[str]:
        """Return the last lines that a function printed."""
        return list(self._lines[name])

    def forget(self, name: str) -> None:
        """End the environments of a function that was deleted or changed."""
        with self._lock:
            gone = [code for code in self._idle if code.name == name]
            environments = [environment for code in gone for environment in self._idle.pop(code)]
        for environment in environments:
            environment.close()

    def close(self) -> None:
        """End all environments."""
        for name in {code.name for code in self._idle}:
            self.forget(name)

    @contextmanager
    def _environment(self, code: FunctionCode, function: Any) -> Iterator[Environment]:
        with self._lock:
            idle = self._idle[code]
            environment = idle.pop() if idle else None
        if environment is None:
            environment = self._start(code, function)
        try:
            yield environment
        finally:
            with self._lock:
                keep = environment.alive and code in self._idle
                if keep:
                    self._idle[code].append(environment)
            if not keep:
                environment.close()

    def _start(self, code: FunctionCode, function: Any) -> Environment:
        backend = get_backend(self._services.account_id, self._services.region)
        layers = [backend.layers_versions_by_arn(arn) for arn in code.layers]
        return Environment(
            code,
            self._code.unpacked(code.sha256, function.code_bytes),
            [self._code.unpacked(layer.code_sha_256, layer.code_bytes) for layer in layers if layer is not None],
            work_dir=self._services.work_dir,
            sdk=self._services.environment(code.role),
        )

    def _take_down(self, code: FunctionCode, request_id: str, output: str, result: Result, duration_ms: float) -> None:
        services = self._services
        failed = result.outcome != "response"
        lines = output.splitlines()
        self._lines[code.name].extend(lines)
        services.access.check(code.role, _on_its_behalf(services, code))
        _put_log_lines(services, code, request_id, lines)
        for line in lines:
            self._publish_metrics(code.name, line)
        services.metrics.put_aws(
            "AWS/Lambda",
            {"FunctionName": code.name},
            {"Invocations": 1.0, "Errors": float(failed), "Throttles": 0.0, "Duration": duration_ms},
        )
        error = {"error": result.body.decode(errors="replace")} if failed else {}
        services.journal.write("invocation", code.name, request_id=request_id, outcome=result.outcome, **error)

    def _publish_metrics(self, name: str, line: str) -> None:
        try:
            for namespace, data in embedded_metrics(line, self._services.clock.now):
                self._services.metrics.put(namespace, data)
        except EmbeddedMetricError as error:
            self._services.journal.write("failure", f"metrics printed by {name}", error=str(error))


def function_code(function: Any) -> FunctionCode:
    """Return what decides how `function` (moto's record of it) runs."""
    logging = function.local_settings.get("LoggingConfig", {})
    return FunctionCode(
        name=function.function_name,
        arn=function.function_arn,
        version=str(function.version),
        handler=function.handler,
        runtime=function.run_time,
        architecture=function.architectures[0],
        memory_mib=int(function.memory_size),
        timeout_seconds=int(function.timeout),
        log_group=logging.get("LogGroup", f"/aws/lambda/{function.function_name}"),
        log_format=logging.get("LogFormat", "Text"),
        role=function.role,
        key_arn=function.kms_key_arn,
        tracing=function.tracing_config.get("Mode") == "Active",
        variables=tuple(sorted(function.environment_vars.items())),
        layers=tuple(layer["Arn"] for layer in function.layers),
        sha256=function.code_sha_256,
    )


def _on_its_behalf(services: Services, code: FunctionCode) -> Iterator[Permission]:
    """Yield what Lambda does with the role of a function: it decrypts its variables, writes logs, and traces."""
    if code.key_arn:
        yield Permission("kms:Decrypt", code.key_arn)
    group = f"arn:aws:logs:{services.region}:{services.account_id}:log-group:{code.log_group}"
    yield Permission("logs:CreateLogStream", f"{group}:log-stream:{code.name}")
    yield Permission("logs:PutLogEvents", f"{group}:log-stream:{code.name}")
    if code.tracing:
        yield Permission("xray:PutTraceSegments", "*")
        yield Permission("xray:PutTelemetryRecords", "*")


def _framed(code: FunctionCode, request_id: str, printed: str, result: Result, duration_ms: float) -> str:
    """Put the lines around the output that Lambda itself writes."""
    killed = "" if result.outcome in ("response", "error") else result.body.decode() + "\n"
    separator = "" if printed.endswith("\n") or not printed else "\n"
    return (
        f"START RequestId: {request_id} Version: {code.version}\n{printed}{separator}{killed}"
        f"END RequestId: {request_id}\n"
        f"REPORT RequestId: {request_id}\tDuration: {duration_ms:.2f} ms\tMemory Size: {code.memory_mib} MB\n"
    )


def _put_log_lines(services: Services, code: FunctionCode, request_id: str, lines: list[str]) -> None:
    backend = logs_backends[services.account_id][services.region]
    backend.ensure_log_group(code.log_group)
    stream = f"{services.clock.now:%Y/%m/%d}/[{code.version}]{request_id.replace('-', '')}"
    if stream not in backend.groups[code.log_group].streams:
        backend.create_log_stream(code.log_group, stream)
    at = int(services.clock.now.timestamp() * 1000)
    backend.put_log_events(code.log_group, stream, [{"timestamp": at, "message": line} for line in lines if line])
