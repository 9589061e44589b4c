"""The Lambda Runtime API: what the runtime client inside a function asks for its next event, and tells the result."""

from __future__ import annotations

import http.server
import json
import queue
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedIOBase
from typing import Any, Literal

Outcome = Literal["response", "error", "init-error", "timeout", "exit"]

_NEXT = "/2018-06-01/runtime/invocation/next"
_INIT_ERROR = "/2018-06-01/runtime/init/error"


@dataclass(frozen=True)
class Invocation:
    """One event on its way into a function."""

    request_id: str
    function_arn: str
    deadline_ms: int
    body: bytes

    @classmethod
    def create(cls, function_arn: str, deadline_ms: int, body: bytes) -> Invocation:
        """Give an event a request id."""
        return cls(str(uuid.uuid4()), function_arn, deadline_ms, body)


@dataclass(frozen=True)
class Result:
    """What came out: the kind, and the JSON body."""

    outcome: Outcome
    body: bytes


class RuntimeApi:
    """The endpoint of one execution environment on a port of its own.

    The runtime client takes only a host and a port, so environments cannot share one.
    """

    def __init__(self) -> None:
        self._invocations: queue.Queue[Invocation | None] = queue.Queue()
        self._results: queue.Queue[Result] = queue.Queue()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, name="lambda-runtime-api", daemon=True).start()

    @property
    def address(self) -> str:
        """Host and port, as ``AWS_LAMBDA_RUNTIME_API`` wants it."""
        return f"127.0.0.1:{self._server.server_port}"

    def offer(self, invocation: Invocation) -> None:
        """Hand an event to the runtime client."""
        self._invocations.put(invocation)

    def result(self, timeout: float) -> Result | None:
        """Wait for what the function answers; None when nothing came in time."""
        try:
            return self._results.get(timeout=timeout)
        except queue.Empty:
            return None

    def close(self) -> None:
        """Stop answering."""
        self._invocations.put(None)
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        invocations, results = self._invocations, self._results

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                if self.path != _NEXT:
                    self.send_error(404)
                    return
                invocation = invocations.get()
                if invocation is None:
                    self.close_connection = True
                    return
                self._answer(200, invocation.body, _event_headers(invocation))

            def do_POST(self) -> None:
                body = b"".join(self._body())
                results.put(Result("init-error" if self.path == _INIT_ERROR else _outcome(self.path), body))
                self._answer(202, b'{"status":"OK"}', {})

            def _body(self) -> Iterator[bytes]:
                if (length := self.headers.get("Content-Length")) is not None:
                    yield self.rfile.read(int(length))
                else:
                    yield from _chunks(self.rfile)

            def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        return Handler


def _chunks(stream: BufferedIOBase) -> Iterator[bytes]:
    """Read a body in HTTP's chunked encoding."""
    while size := int(stream.readline().split(b";")[0], 16):
        yield stream.read(size)
        stream.readline()
    stream.readline()


def _outcome(path: str) -> Outcome:
    """`path` is ``/2018-06-01/runtime/invocation/<request id>/<response or error>``."""
    return "response" if path.endswith("/response") else "error"


def _event_headers(invocation: Invocation) -> dict[str, str]:
    digits = invocation.request_id.replace("-", "")
    return {
        "Content-Type": "application/json",
        "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
        "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
        "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
        "Lambda-Runtime-Trace-Id": f"Root=1-{digits[:8]}-{digits[:24]};Sampled=0",
    }


def error_body(error_type: str, message: str) -> bytes:
    """Return the JSON that Lambda answers when the platform, not the handler, gives up."""
    return json.dumps({"errorMessage": message, "errorType": error_type}).encode()
