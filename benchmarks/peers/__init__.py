"""Peers: each in an environment of its own, made from its pinned requirements below ``build/peers``."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
ENVIRONMENTS: Final = HERE.parents[1] / "build" / "peers"


class NotInstallableError(Exception):
    """A peer cannot be had on this machine; the message says why."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Someone else's program for the same work.

    Attributes
    ----------
    name : str
        Of the requirements file and the environment.
    package : str
        Whose version is reported.
    module : str
        What is run, of this package; it prints its phases as JSON on the last line.
    """

    name: str
    package: str
    module: str

    def run(self, folder: Path) -> dict[str, Any]:
        """Run it over the data in `folder`; return what it printed, with the package's version.

        Raises
        ------
        NotInstallableError
            If the environment cannot be made, or the script fails in it.
        """
        python = self._environment()
        quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "DO_NOT_TRACK": "1"}
        threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        done = _call([python, "-m", f"{__name__}.{self.module}", folder], quiet | threads)
        ask = f"from importlib.metadata import version; print(version({self.package!r}))"
        figures: dict[str, Any] = json.loads(done.splitlines()[-1])
        return figures | {"version": _call([python, "-c", ask], {}).strip()}

    def _environment(self) -> Path:
        """Return the environment's interpreter, after making it where needed."""
        requirements, folder = HERE / f"{self.name}.txt", ENVIRONMENTS / self.name
        wanted = sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()
        stamp, python = folder / ".made-of", folder / "bin" / "python"
        if stamp.is_file() and stamp.read_text() == wanted:
            return python
        uv = shutil.which("uv")
        if uv is None:
            raise NotInstallableError("uv is not on the path; run `make bench`")
        _call([uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder], {})
        _call([uv, "pip", "sync", "--quiet", "--python", python, requirements], {})
        stamp.write_text(wanted)
        return python


def _call(command: list[str | Path], environment: dict[str, str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | environment)  # noqa: S603
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise NotInstallableError(said[-1].strip() if said else f"exit code {done.returncode}")
    return done.stdout
