"""A job's container, as a local process in a folder of its own.

A container sees its files below ``/opt/ml``. A local process cannot, so the folder is made below the job's own root,
and wherever the job description says ``/opt/ml`` (in the command, in its arguments, in values of the environment) the
process is told the local folder instead. A script that takes its paths from there runs the same in both places; one
that has ``/opt/ml`` written inside does not run here.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from localaws.sagemaker.fleet import inherited_environment
from localaws.sagemaker.storage import empty

_ML = "/opt/ml"
_LINES_PER_CALL = 1000
TIMED_OUT = 124
"""What :meth:`Sandbox.run` returns for a process that ran too long, as the timeout command does."""


class Sandbox:
    """The folders and the process of one instance of a job.

    Parameters
    ----------
    root : pathlib.Path
        Made anew.
    host : int
        Number of the instance, from 0.
    hosts : int
        How many there are.
    """

    def __init__(self, root: Path, host: int = 0, hosts: int = 1) -> None:
        self.root = empty(root)
        self.number, self.host = host, f"algo-{host + 1}"
        self.log = self.root / "log.txt"
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False
        self._lock = threading.Lock()
        names = [f"algo-{number + 1}" for number in range(hosts)]
        self.write_config("resourceconfig.json", {"current_host": self.host, "hosts": names})

    def path(self, container_path: str) -> Path:
        """Return the local folder for a folder of the container, made if need be.

        Raises
        ------
        ValueError
            If it is not below ``/opt/ml``.
        """
        path = (self.root / container_path.lstrip("/")).resolve()
        if not path.is_relative_to((self.root / _ML.lstrip("/")).resolve()):
            raise ValueError(f"the path {container_path!r} is not below {_ML}, where a job keeps its files")
        path.mkdir(parents=True, exist_ok=True)
        return path

    def rewrite(self, text: str) -> str:
        """Return `text` with the local folder in the place of ``/opt/ml``."""
        return text.replace(_ML, f"{self.root}{_ML}")

    def write_config(self, name: str, content: object) -> None:
        """Write a file of ``/opt/ml/config``."""
        (self.path(f"{_ML}/config") / name).write_text(json.dumps(content, default=str))

    def read_text(self, container_path: str, limit: int = 1024) -> str:
        """Return the first `limit` characters of a file of the container; empty when there is none."""
        path = self.root / container_path.lstrip("/")
        return path.read_text(errors="replace")[:limit] if path.is_file() else ""

    def run(self, command: Sequence[str], environment: Mapping[str, str], seconds: float) -> int:
        """Run `command`, and return its exit code.

        Raises
        ------
        OSError
            If it cannot be started.
        """
        given = {name: self.rewrite(value) for name, value in environment.items()}
        with self._lock:
            if self._stopped:
                return TIMED_OUT
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(  # noqa: S603 - the command is the account owner's
                    [self.rewrite(word) for word in command],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=self.root,
                    env=inherited_environment() | given,
                )
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return TIMED_OUT

    def clear(self) -> None:
        """Delete what a processing job has read and written; log, message and metrics stay."""
        shutil.rmtree(self.root / _ML.lstrip("/") / "processing", ignore_errors=True)

    def stop(self) -> None:
        """Kill the process, now or as soon as it would start."""
        with self._lock:
            self._stopped = True
            if self._process is not None:
                self._process.kill()

    @property
    def stopped(self) -> bool:
        """Whether :meth:`stop` was called."""
        return self._stopped


def ship_log(logs: Any, group: str, stream: str, text: str, milliseconds: int) -> None:
    """Write `text`, a line an event, to a stream in CloudWatch Logs, made if need be."""
    with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=group)
    with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
    lines = [line for line in text.splitlines() if line]
    for start in range(0, len(lines), _LINES_PER_CALL):
        events = [{"timestamp": milliseconds, "message": line} for line in lines[start : start + _LINES_PER_CALL]]
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
