"""The files of a processing job: where the platform puts what was planned, and takes what was made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from functions.common.baselines import checked_baseline
from functions.common.contract import Pass, PlannedRun
from functions.common.fitting import FitOrder, MadeBaseline
from functions.common.rows import Sources
from functions.common.work import (
    BASELINES,
    CAPTURE,
    FITTED,
    FITTED_FILE,
    INPUT,
    NEAR,
    ORDER,
    ORDER_FILE,
    PARTIAL_SUFFIX,
    PLANNED,
    PLANNED_FILE,
    input_prefixes,
)
from monitoring_core.baseline_files import BaselineFiles
from monitoring_core.dataset import Source, upload_order
from monitoring_core.errors import BaselineError, ConfigError

ROOT: Final = Path("/opt/ml")


@dataclass(frozen=True, slots=True)
class JobTree:
    """Everything below ``/opt/ml``.

    Attributes
    ----------
    root : Path
        Where ``/opt/ml`` is.
    """

    root: Path = ROOT

    @property
    def host(self) -> str:
        """Name of this machine among those of the job."""
        path = self.root / "config" / "resourceconfig.json"
        return str(json.loads(path.read_bytes())["current_host"]) if path.is_file() else "algo-1"

    def planned(self) -> Pass:
        """Return the pass that is to be folded.

        Raises
        ------
        ConfigError
            If there is none.
        """
        path = self._input(PLANNED) / PLANNED_FILE
        if not path.is_file():
            raise ConfigError(f"{path} does not exist; the job needs the input `{PLANNED}` that Plan writes for it")
        return Pass.model_validate_json(path.read_bytes())

    def sources(self, planned: PlannedRun) -> Sources:
        """Return the files of this shard; their names are the URIs they had."""
        prefixes = input_prefixes(planned.run)
        labels = [source for name in prefixes if name.startswith("labels-") for source in self._files(name, prefixes)]
        return Sources(
            own=self._files(CAPTURE, prefixes),
            near=self._files(NEAR, prefixes),
            labels=sorted(labels, key=lambda source: upload_order(source.name)),
        )

    def baseline(self, planned: PlannedRun) -> BaselineFiles:
        """Return the baseline that a run was planned with.

        Raises
        ------
        BaselineError
            If it is missing or damaged.
        """
        run, plan = planned.run, planned.plan
        if plan.baseline_id is None:
            raise BaselineError(f"{run.monitor} was planned without a baseline")
        folder = self._input(BASELINES) / run.monitor / plan.baseline_id
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in _below(folder)}
        return checked_baseline(files, str(folder), plan.baseline_id, model=plan.baseline_model)

    def write_partial(self, body: bytes) -> Path:
        """Write what this machine hands over."""
        return self._write(f"part-{self.host}{PARTIAL_SUFFIX}", body)

    def order(self) -> FitOrder:
        """Return what is to be made of a data set.

        Raises
        ------
        ConfigError
            If nothing is.
        """
        path = self._input(ORDER) / ORDER_FILE
        if not path.is_file():
            raise ConfigError(
                f"{path} does not exist; the job needs the input `{ORDER}` that the baseline function writes"
            )
        return FitOrder.model_validate_json(path.read_bytes())

    def only_file(self, name: str) -> Path | None:
        """Return the file of an input that holds one; None where the job does not have the input."""
        return next(_below(self._input(name)), None)

    def write_baseline(self, made: MadeBaseline) -> None:
        """Write a baseline, and what is to be known of its making."""
        for name, body in made.files.files.items():
            self._write(f"{FITTED}/{name}", body)
        self._write(FITTED_FILE, json.dumps({"unreadable_rows": made.unreadable_rows}).encode())

    def _write(self, name: str, body: bytes) -> Path:
        path = self.root / "processing" / "output" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        return path

    def _input(self, name: str) -> Path:
        return self.root / Path(INPUT).relative_to(ROOT) / name

    def _files(self, name: str, prefixes: dict[str, str]) -> list[Source]:
        folder = self._input(name)
        return [Source(prefixes[name] + path.relative_to(folder).as_posix(), path) for path in _below(folder)]


def _below(folder: Path) -> Iterator[Path]:
    return iter(sorted(path for path in folder.rglob("*") if path.is_file()))
