"""One execution environment: a process with the unpacked zip, kept warm between events."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from localaws.awslambda.interpreter import interpreter, runtime_client
from localaws.awslambda.runtime_api import Invocation, Result, RuntimeApi, error_body

INIT_SECONDS = 10
"""How long a function may take to load, as in AWS."""

_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class FunctionCode:
    """Everything that decides what an environment runs; a change of any of it needs a new environment."""

    name: str
    arn: str
    version: str
    handler: str
    runtime: str
    architecture: str
    memory_mib: int
    timeout_seconds: int
    log_group: str
    log_format: str
    role: str
    key_arn: str | None
    tracing: bool
    variables: tuple[tuple[str, str], ...]
    layers: tuple[str, ...]
    sha256: str


class Environment:
    """A running function.

    Parameters
    ----------
    code : FunctionCode
        What to run.
    task : Path
        The unpacked zip of the function; other environments read the same folder.
    layers : sequence of Path
        The unpacked layers, first one first.
    work_dir : Path
        Scratch space.
    sdk : dict
        Environment variables that lead AWS SDKs to this account.
    """

    def __init__(
        self, code: FunctionCode, task: Path, layers: Sequence[Path], *, work_dir: Path, sdk: dict[str, str]
    ) -> None:
        self._code = code
        python = interpreter(code.name, code.runtime, code.architecture)
        self._root = Path(tempfile.mkdtemp(prefix=f"{code.name}-", dir=work_dir))
        self._output = (self._root / "output").open("w+b")
        self._read = 0
        self._api = RuntimeApi()
        self._process = subprocess.Popen(  # noqa: S603 - running the user's function is the purpose
            # -S: neither site-packages nor .pth files of the account's own environment
            [python, "-S", "-m", "awslambdaric", code.handler],
            cwd=task,
            env=self._variables(task, layers, runtime_client(work_dir), sdk),
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )
        self.warm = False

    @property
    def alive(self) -> bool:
        """Whether the process can take another event."""
        return self._process.poll() is None

    def invoke(self, event: bytes) -> tuple[str, Result]:
        """Run the handler on one event; a handler that takes too long is killed.

        Returns
        -------
        tuple of str and Result
            The request id, and what came out.
        """
        seconds = self._code.timeout_seconds + (0 if self.warm else INIT_SECONDS)
        invocation = Invocation.create(self._code.arn, int((time.time() + seconds) * 1000), event)
        self._api.offer(invocation)
        result = self._wait(time.monotonic() + seconds, invocation.request_id)
        self.warm = True
        return invocation.request_id, result

    def new_output(self) -> str:
        """Return what the process printed since the last call."""
        with Path(self._output.name).open("rb") as printed:
            printed.seek(self._read)
            text = printed.read()
        self._read += len(text)
        return text.decode(errors="replace")

    def close(self) -> None:
        """End the process and remove its files."""
        self._process.kill()
        self._process.wait()
        self._api.close()
        self._output.close()
        shutil.rmtree(self._root, ignore_errors=True)

    def _wait(self, deadline: float, request_id: str) -> Result:
        while (left := deadline - time.monotonic()) > 0:
            if (result := self._api.result(min(left, _POLL_SECONDS))) is not None:
                return result
            if not self.alive:
                return self._api.result(_POLL_SECONDS) or self._exited(request_id)
        self._process.kill()
        self._process.wait()
        return Result("timeout", error_body("Sandbox.Timedout", self._timeout_message(request_id)))

    def _timeout_message(self, request_id: str) -> str:
        return f"RequestId: {request_id} Error: Task timed out after {self._code.timeout_seconds:.2f} seconds"

    def _exited(self, request_id: str) -> Result:
        status = self._process.returncode
        reason = f"signal: {-status}" if status < 0 else f"exit status {status}"
        message = f"RequestId: {request_id} Error: Runtime exited with error: {reason}"
        return Result("exit", error_body("Runtime.ExitError", message))

    def _variables(self, task: Path, layers: Sequence[Path], client: Path, sdk: dict[str, str]) -> dict[str, str]:
        code = self._code
        return {
            **sdk,
            **dict(code.variables),
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{code.runtime}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(code.memory_mib),
            "AWS_LAMBDA_FUNCTION_NAME": code.name,
            "AWS_LAMBDA_FUNCTION_VERSION": code.version,
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_FORMAT": code.log_format,
            "AWS_LAMBDA_LOG_GROUP_NAME": code.log_group,
            "AWS_LAMBDA_LOG_STREAM_NAME": f"[{code.version}]{self._root.name}",
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "LAMBDA_RUNTIME_DIR": str(client),
            "LAMBDA_TASK_ROOT": str(task),
            "LANG": "en_US.UTF-8",
            "PATH": os.environ.get("PATH", os.defpath),
            "PYTHONPATH": os.pathsep.join(map(str, (task, *(layer / "python" for layer in layers), client))),
            "TMPDIR": str(self._tmp()),
            "TZ": ":UTC",
            "_HANDLER": code.handler,
        }

    def _tmp(self) -> Path:
        tmp = self._root / "tmp"
        tmp.mkdir(exist_ok=True)
        return tmp
