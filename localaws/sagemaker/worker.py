"""Serves one model in a process of its own, by the convention of SageMaker's script mode.

Run as a file, by the interpreter that stands in for the model's image; so it imports nothing but the standard library.
The variable ``SAGEMAKER_SUBMIT_DIRECTORY`` names the folder of the code, ``/opt/ml/model/code`` as a rule, and
``SAGEMAKER_PROGRAM`` the script in it: without them a framework image serves with its built-in algorithm server, which
nothing stands in for. The script has ``model_fn(model_dir)`` and, where the defaults do not fit,
``input_fn(body, content_type)``, ``predict_fn(data, model)`` and ``output_fn(prediction, accept)``.

The defaults: CSV becomes an array with one row per line, ``model.predict`` answers, and rows are written as CSV.
"""

from __future__ import annotations

import importlib.util
import io
import json
import os
import socket
import struct
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

LENGTHS = struct.Struct("!II")
MAX_MESSAGE = 1024
SCRIPT_MODE = ("SAGEMAKER_PROGRAM", "SAGEMAKER_SUBMIT_DIRECTORY")


class Refused(Exception):  # noqa: N818 - what the caller did wrong, not an error of ours
    """A request that the defaults cannot serve; `status_code` is what the caller gets."""

    def __init__(self, status_code: int, message: str) -> None:
        super().__init__(message)
        self.status_code = status_code


def default_input_fn(body: str | bytes, content_type: str) -> Any:
    """Read CSV without a header into an array, one row a line."""
    if content_type.split(";", maxsplit=1)[0].strip() != "text/csv":
        raise Refused(415, f"Content type {content_type!r} is not supported: define input_fn, or send text/csv")
    import numpy as np  # noqa: PLC0415 - only the default needs it

    try:
        return np.loadtxt(io.StringIO(str(body)), delimiter=",", ndmin=2)
    except ValueError as error:
        raise Refused(400, f"The body is not CSV of numbers: {error}") from error


def default_predict_fn(data: Any, model: Any) -> Any:
    """Ask the model."""
    return model.predict(data)


def default_output_fn(prediction: Any, accept: str) -> str:
    """Write one line per row."""
    if accept.split(";", maxsplit=1)[0].strip() != "text/csv":
        raise Refused(406, f"Accept {accept!r} is not supported: define output_fn, or accept text/csv")
    rows = prediction.tolist() if hasattr(prediction, "tolist") else prediction
    return "\n".join(",".join(map(str, row)) if isinstance(row, list | tuple) else str(row) for row in rows) + "\n"


class Model:
    """The four functions and what `model_fn` returned."""

    def __init__(self, folder: Path) -> None:
        script = _load(_entry_point())
        self._input = getattr(script, "input_fn", default_input_fn)
        self._predict = getattr(script, "predict_fn", default_predict_fn)
        self._output = getattr(script, "output_fn", default_output_fn)
        self._model = script.model_fn(str(folder))

    def answer(self, body: bytes, content_type: str, accept: str) -> tuple[str, bytes]:
        """Return content type and body of the answer."""
        accept = os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", "text/csv") if accept in ("", "*/*") else accept
        given = _text(body) if content_type.startswith(("text/", "application/json")) else body
        answer = self._output(self._predict(self._input(given, content_type), self._model), accept)
        written, kind = answer if isinstance(answer, tuple) else (answer, accept)
        if isinstance(written, str):
            return (f"{kind}; charset=utf-8" if kind == "text/csv" else kind), written.encode()
        return kind, bytes(written)


def _entry_point() -> Path:
    given = {name: os.environ.get(name) for name in SCRIPT_MODE}
    if missing := [name for name, value in given.items() if not value]:
        raise ValueError(
            f"the model's environment lacks {' and '.join(missing)}: without them the image starts its built-in "
            "algorithm server, which is not simulated; set SAGEMAKER_PROGRAM=inference.py and "
            "SAGEMAKER_SUBMIT_DIRECTORY=/opt/ml/model/code"
        )
    return Path(os.environ["SAGEMAKER_SUBMIT_DIRECTORY"], os.environ["SAGEMAKER_PROGRAM"])


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Refused(400, f"The body is not UTF-8: {error}") from error


def _load(path: Path) -> ModuleType:
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.exists():
        raise FileNotFoundError(f"the model has no {path.parent.name}/{path.name}")
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)  # dataclasses look their module up
    spec.loader.exec_module(module)
    if not hasattr(module, "model_fn"):
        raise AttributeError(f"{path.parent.name}/{path.name} does not define model_fn(model_dir)")
    return module


def send(connection: socket.socket, head: dict[str, Any], body: bytes = b"") -> None:
    """Send one frame: two lengths, a JSON head, a body."""
    text = json.dumps(head).encode()
    connection.sendall(LENGTHS.pack(len(text), len(body)) + text + body)


def receive(stream: Any) -> tuple[dict[str, Any], bytes] | None:
    """Read one frame; None when the other side has closed."""
    lengths = stream.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    size, body_size = LENGTHS.unpack(lengths)
    head: dict[str, Any] = json.loads(stream.read(size))
    return head, stream.read(body_size)


def main(descriptor: int, folder: Path) -> None:
    """Load the model, say so, and answer until the other side closes."""
    connection = socket.socket(fileno=descriptor)
    try:
        model = Model(folder)
    except Exception as error:  # of the user's model
        traceback.print_exc()
        send(connection, {"status": 500, "message": _message(error)})
        return
    send(connection, {"status": 200})
    stream = connection.makefile("rb")
    while (frame := receive(stream)) is not None:
        head, body = frame
        try:
            content_type, answer = model.answer(body, head["content_type"], head["accept"])
        except Exception as error:  # of the user's model
            traceback.print_exc()
            send(connection, {"status": getattr(error, "status_code", 500), "message": _message(error)})
        else:
            send(connection, {"status": 200, "content_type": content_type}, answer)


def _message(error: Exception) -> str:
    return (str(error) if isinstance(error, Refused) else f"{type(error).__name__}: {error}")[:MAX_MESSAGE]


if __name__ == "__main__":
    sys.path.pop(0)  # the folder of this file, which is no place for a model to import from
    main(int(sys.argv[1]), Path(sys.argv[2]))
