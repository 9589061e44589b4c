"""The processes behind an endpoint: one per container of each variant."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localaws.sagemaker import storage, worker
from localaws.sagemaker.account import Account
from localaws.sagemaker.images import stand_in
from localaws.sagemaker.store import Document

_START_SECONDS = 60.0
_ANSWER_SECONDS = 60.0  # Amazon's limit for one invocation
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH")


def inherited_environment() -> dict[str, str]:
    """Return what a local process needs of ours to run at all; nothing else of it belongs in a container."""
    return {name: os.environ[name] for name in _INHERITED if name in os.environ}


class StartError(Exception):
    """A container that did not come up; the message says why, as DescribeEndpoint will."""


@dataclass(frozen=True)
class Answer:
    """What a model said: the HTTP status a container would give, with a body, or with a message when it is not 200."""

    status: int
    content_type: str = ""
    body: bytes = b""
    message: str = ""


class _Process:
    """A running worker, and the line to it.

    Parameters
    ----------
    command : list of str
        What starts the worker, but for its two arguments.
    folder, log : pathlib.Path
        The unpacked model, and where its output goes.
    environment : mapping
        All of its environment.
    """

    def __init__(self, command: list[str], folder: Path, log: Path, environment: Mapping[str, str]) -> None:
        self._line, theirs = socket.socketpair()
        with theirs, log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - the command is the account owner's
                [*command, str(theirs.fileno()), str(folder)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=folder,
                env=environment,
            )
        self._stream = self._line.makefile("rb")
        self._line.settimeout(_START_SECONDS)
        self.greeting = self._receive()
        self._line.settimeout(_ANSWER_SECONDS)

    def ask(self, head: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes] | None:
        """Return the answer; None when there is none, in time or ever."""
        try:
            worker.send(self._line, head, body)
        except OSError:
            return None
        return self._receive()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        self._stream.close()
        self._line.close()

    def _receive(self) -> tuple[dict[str, Any], bytes] | None:
        try:
            return worker.receive(self._stream)
        except OSError:  # a time-out is one
            return None


class Container:
    """One model in one process, started anew when it has died.

    Parameters
    ----------
    name : str
        As Amazon calls it in messages, e.g. ``primary``.
    start : callable
        Starts the worker.
    log : pathlib.Path
        Where the worker's output goes.
    """

    def __init__(self, name: str, start: Callable[[], _Process], log: Path) -> None:
        self.name, self._start, self._log = name, start, log
        self._log_read = 0
        self._lock = threading.Lock()
        self._process: _Process | None = None

    def start(self) -> _Process:
        """Start the process and wait until the model is loaded.

        Raises
        ------
        StartError
            If the model cannot be loaded.
        """
        process = self._start()
        greeting = process.greeting
        if greeting is None or greeting[0]["status"] != 200:  # noqa: PLR2004 - HTTP
            process.close()
            reason = greeting[0]["message"] if greeting else "the process ended, or did not load the model in time"
            raise StartError(f"The {self.name} container did not pass the ping health check: {reason}")
        self._process = process
        return process

    def ask(self, body: bytes, content_type: str, accept: str) -> Answer:
        """Let the model answer one request."""
        with self._lock:
            try:
                process = self._process or self.start()
            except StartError as error:
                return Answer(500, message=str(error))
            frame = process.ask({"content_type": content_type, "accept": accept}, body)
            if frame is None:
                self.close()
                return Answer(500, message="the model's process ended, or did not answer within 60 seconds")
        head, answer = frame
        return Answer(head["status"], head.get("content_type", ""), answer, head.get("message", ""))

    def new_log(self) -> str:
        """Return what the model has printed since the last call."""
        with self._log.open("rb") as log:
            log.seek(self._log_read)
            text = log.read()
        self._log_read += len(text)
        return text.decode(errors="replace")

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.close()


class Variant:
    """The containers of one production variant, each reading what the one before it wrote; all have the same role."""

    def __init__(self, containers: list[Container], role: str | None) -> None:
        self.containers, self.role = containers, role

    def ask(self, body: bytes, content_type: str, accept: str) -> tuple[str, Answer]:
        """Return the last answer, or the first that is an error, and the name of the container that gave it."""
        answer = Answer(200, content_type, body)
        for container in self.containers:
            last = container is self.containers[-1]
            answer = container.ask(answer.body, answer.content_type, accept if last else "")
            if answer.status != 200:  # noqa: PLR2004 - HTTP
                return container.name, answer
        return self.containers[-1].name, answer

    def close(self) -> None:
        """End all processes."""
        for container in self.containers:
            container.close()


def start_variant(account: Account, containers: list[Document], folder: Path, role: str | None) -> Variant:
    """Fetch, unpack and start the `containers` of a model below `folder`, with the permissions of `role`.

    Raises
    ------
    StartError
        If an artifact is missing, or a model cannot be loaded.
    """
    started: list[Container] = []
    for number, container in enumerate(containers, start=1):
        name = "primary" if len(containers) == 1 else f"container-{number}"
        try:
            started.append(_container(account, name, container, storage.empty(folder / name), role))
            started[-1].start()
        except storage.StorageError as error:
            Variant(started, role).close()
            raise StartError(f"Failed to download model data for container {name}: {error}") from error
        except StartError:
            Variant(started, role).close()
            raise
    return Variant(started, role)


def _container(account: Account, name: str, container: Document, folder: Path, role: str | None) -> Container:
    given: dict[str, str] = container.get("Environment", {})
    model = folder / "model"
    model.mkdir()
    s3 = account.client("s3", role)
    if url := container.get("ModelDataUrl"):
        storage.unpack(storage.read(s3, url), model)
    if source := container.get("ModelDataSource", {}).get("S3DataSource"):
        _fetch_source(s3, source, model)
    told = {key: value.replace("/opt/ml/model", str(model)) for key, value in given.items()}
    if (scripts := given.get("SAGEMAKER_SUBMIT_DIRECTORY", "")).startswith("s3://"):
        storage.unpack(storage.read(s3, scripts), model / "code")
        told["SAGEMAKER_SUBMIT_DIRECTORY"] = str(model / "code")
    environment = inherited_environment() | account.environment(role) | told | {"SM_MODEL_DIR": str(model)}
    command = [stand_in(container.get("Image", ""), account.images).python, "-u", str(Path(worker.__file__).resolve())]
    log = folder / "log.txt"
    return Container(name, lambda: _Process(command, model, log, environment), log)


def _fetch_source(s3: Any, source: Document, model: Path) -> None:
    if source["CompressionType"] == "Gzip":
        storage.unpack(storage.read(s3, source["S3Uri"]), model)
    else:
        storage.download(s3, source["S3Uri"], model)
