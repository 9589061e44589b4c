"""Which Python runs a function, and where AWS's runtime client for it lies."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import sys
from functools import cache
from pathlib import Path

_MACHINES = {"x86_64": {"x86_64", "AMD64"}, "arm64": {"aarch64", "arm64"}}


class CannotRunFunctionError(RuntimeError):
    """A function that cannot be run on this machine; the message says what it would take."""


def interpreter(function: str, runtime: str, architecture: str) -> str:
    """Return the Python executable for a function.

    Raises
    ------
    CannotRunFunctionError
        If the function is not Python, is built for another processor, or asks for a Python that is not installed.
    """
    if not runtime.startswith("python"):
        raise CannotRunFunctionError(
            f"function {function!r} has runtime {runtime!r}; only python runtimes can be run on this machine"
        )
    if platform.machine() not in _MACHINES[architecture]:
        raise CannotRunFunctionError(
            f"function {function!r} is built for {architecture}, this machine is {platform.machine()}; "
            f"deploy it for {'x86_64' if architecture == 'arm64' else 'arm64'} to run it here"
        )
    version = runtime.removeprefix("python")
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return str(getattr(sys, "_base_executable", sys.executable))
    if (found := shutil.which(f"python{version}")) is None:
        raise CannotRunFunctionError(
            f"function {function!r} has runtime {runtime!r}, and no python{version} is on the PATH; this account runs "
            f"on Python {platform.python_version()}: deploy for that version, or install python{version}"
        )
    return found


@cache
def runtime_client(directory: Path) -> Path:
    """Copy awslambdaric and what it needs into a folder of its own, and return the folder.

    A function sees this folder and its own zip, not the packages installed beside the account: a zip that forgot a
    dependency fails here as it would fail in AWS.
    """
    target = directory / "runtime-client"
    for name in ("awslambdaric", "simplejson", "snapshot-restore-py"):
        for file in importlib.metadata.files(name) or ():
            if ".." in file.parts or "__pycache__" in file.parts:
                continue
            copy = target / file
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(str(file.locate()), copy)
    return target
