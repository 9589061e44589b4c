"""Baselines in the bucket: immutable folders named by their content, and a pointer to the one in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from functions.common.contract import Utc
from functions.common.storage import list_objects, read, read_if_present, write, write_if_absent
from monitoring_core.baseline_files import INFO, BaselineFiles, load_baseline
from monitoring_core.errors import BaselineError
from monitoring_core.spec import Frozen

POINTER: Final = "current.json"
MOVES: Final = "moves/"
"""Folder of the pointer's history."""


class Pointer(Frozen):
    """``current.json``: which baseline is in force, for which model, since when."""

    baseline_id: str
    model: str
    moved_at: Utc


class Move(Pointer):
    """One move of the pointer: `previous` is the baseline that was in force before, if any.

    `engine_reason` says where the baseline was made, and why there; empty where it existed already.
    """

    previous: str | None
    reason: str
    engine_reason: str = ""


@dataclass(frozen=True, slots=True)
class BaselineStore:
    """The baselines of one monitor.

    Attributes
    ----------
    prefix : str
        ``s3://<bucket>/baselines/<endpoint>/<monitor>/``.
    """

    prefix: str

    def uri(self, baseline_id: str, name: str) -> str:
        """Return where a file of a baseline lies."""
        return f"{self.prefix}{baseline_id}/{name}"

    def pointer(self) -> Pointer | None:
        """Return the pointer, or None where no baseline is in force."""
        body = read_if_present(self.prefix + POINTER)
        return None if body is None else Pointer.model_validate_json(body)

    def move(self, pointer: Pointer, *, reason: str = "deployment", engine_reason: str = "") -> None:
        """Put another baseline in force; the only way in which a monitor's reference changes.

        Every move is written down first.
        """
        before = self.pointer()
        previous = None if before is None else before.baseline_id
        move = Move(previous=previous, reason=reason, engine_reason=engine_reason, **pointer.model_dump())
        uri = f"{self.prefix}{MOVES}{pointer.moved_at:%Y%m%dT%H%M%S%fZ}_{pointer.baseline_id}.json"
        write(uri, move.model_dump_json(indent=2).encode())
        write(self.prefix + POINTER, pointer.model_dump_json(indent=2).encode())

    def moves(self) -> list[Move]:
        """Return every move of the pointer, the latest last."""
        return [Move.model_validate_json(read(item.uri)) for item in list_objects(self.prefix + MOVES)]

    def current(self) -> BaselineFiles:
        """Return the baseline in force, checked against its hashes.

        Raises
        ------
        BaselineError
            If there is none, or if it is not what it was when it was made.
        """
        pointer = self.pointer()
        return self.load(pointer.baseline_id, model=pointer.model) if pointer else self.load(None)

    def load(self, baseline_id: str | None, *, model: str | None = None) -> BaselineFiles:
        """Return a baseline, checked against its hashes and its name.

        Raises
        ------
        BaselineError
            If it is missing, damaged, or bound to another model, or if none is named.
        """
        if baseline_id is None:
            raise BaselineError(
                f"there is no baseline: {self.prefix}{POINTER} does not exist; "
                "deploy the stack with a baseline data set, or make one with `watchkeeper baseline`"
            )
        folder = self.uri(baseline_id, "")
        files = {item.uri.removeprefix(folder): read(item.uri) for item in list_objects(folder)}
        return checked_baseline(files, folder, baseline_id, model=model)

    def save(self, baseline: BaselineFiles) -> None:
        """Write a baseline, ``baseline.json`` last; files that are there already are kept as they are.

        The same data and constraints can serve another model: then ``baseline.json``, which is not part of the
        baseline's name, is written anew.
        """
        baseline_id = baseline.baseline_id
        for name in sorted(baseline.files.keys() - {INFO}):
            write_if_absent(self.uri(baseline_id, name), baseline.files[name])
        if not self._is_bound_alike(baseline):
            write(self.uri(baseline_id, INFO), baseline.files[INFO])

    def _is_bound_alike(self, baseline: BaselineFiles) -> bool:
        """Whether a stored ``baseline.json`` says the same; the time of its making does not count."""
        stored = read_if_present(self.uri(baseline.baseline_id, INFO))
        if stored is None or baseline.info is None:
            return False
        info = type(baseline.info).model_validate_json(stored)
        return info.model_copy(update={"created_at": baseline.info.created_at}) == baseline.info


def checked_baseline(
    files: Mapping[str, bytes], folder: str, baseline_id: str, *, model: str | None = None
) -> BaselineFiles:
    """Check the files of a stored baseline against their hashes, and against the name of their folder.

    Raises
    ------
    BaselineError
        If there are none, they are damaged, or bound to another model.
    """
    if not files:
        raise BaselineError(f"baseline {baseline_id} is in force, but {folder} is empty; deploy again to make it anew")
    baseline = load_baseline(files, model=model)
    if baseline.baseline_id != baseline_id:
        raise BaselineError(
            f"{folder} holds baseline {baseline.baseline_id}, which is not the one it is named for; "
            "restore the folder, or deploy again to make the baseline anew"
        )
    return baseline
