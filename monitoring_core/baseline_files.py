"""BaselineFiles: a baseline as files, immutable and named by their content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from monitoring_core.errors import BaselineError

INFO: Final = "baseline.json"
STATISTICS: Final = "statistics.json"
CONSTRAINTS: Final = "constraints.json"
HISTOGRAMS: Final = "histograms.json"
"""Exact counts at the edges, for columns whose sketch in ``statistics.json`` is an approximation."""


class BaselineInfo(BaseModel):
    """``baseline.json``: what the baseline was made of and what it is bound to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    baseline_id: str
    monitor: str
    model: str
    dataset: str
    dataset_sha256: str
    created_at: AwareDatetime
    rows: int
    files: dict[str, str]


@dataclass(frozen=True, slots=True)
class BaselineFiles:
    """The files of a baseline by name; make one with `make_baseline`, `load_baseline` or `import_baseline`.

    Attributes
    ----------
    files : mapping of str to bytes
        Everything to be stored, ``baseline.json`` included.
    info : BaselineInfo or None
        Content of ``baseline.json``; None for a baseline that Amazon's analyzer made.
    """

    files: Mapping[str, bytes]
    info: BaselineInfo | None = None

    @property
    def baseline_id(self) -> str:
        """Content address: 16 hex digits."""
        return content_id(self.files)


def content_id(files: Mapping[str, bytes]) -> str:
    """Return the first 16 hex digits of the SHA-256 over names and bytes, sorted by name, without ``baseline.json``.

    Examples
    --------
    >>> content_id({"a": b"1"}) == content_id({"a": b"1", "baseline.json": b"{}"}) != content_id({"a": b"2"})
    True
    """
    digest = sha256()
    for name in sorted(files.keys() - {INFO}):
        digest.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    return digest.hexdigest()[:16]


def seal(
    files: Mapping[str, bytes],
    *,
    monitor: str,
    model: str,
    dataset: str,
    dataset_sha256: str,
    created_at: datetime,
    rows: int,
) -> BaselineFiles:
    """Add ``baseline.json`` to the files of a new baseline."""
    info = BaselineInfo(
        baseline_id=content_id(files),
        monitor=monitor,
        model=model,
        dataset=dataset,
        dataset_sha256=dataset_sha256,
        created_at=created_at,
        rows=rows,
        files={name: sha256(data).hexdigest() for name, data in sorted(files.items())},
    )
    return BaselineFiles({**files, INFO: info.model_dump_json(indent=2).encode() + b"\n"}, info)


def load_baseline(files: Mapping[str, bytes], *, model: str | None = None) -> BaselineFiles:
    """Check the files of a stored baseline against its ``baseline.json``.

    Parameters
    ----------
    files : mapping of str to bytes
        All files under the baseline's prefix.
    model : str, optional
        The model it must be bound to.

    Raises
    ------
    BaselineError
        If a file is missing, was changed, or the baseline belongs to another model.
    """
    if INFO not in files:
        raise BaselineError(
            f"the baseline has no {INFO} (found: {', '.join(sorted(files)) or 'nothing'}); make it again"
        )
    try:
        info = BaselineInfo.model_validate_json(files[INFO])
    except ValidationError as error:
        raise BaselineError(f"{INFO} cannot be read: {error.errors()[0]['msg']}; make the baseline again") from None
    for name in info.files:
        if name not in files:
            raise BaselineError(f"baseline {info.baseline_id} lacks {name}; make it again")
    contents = {name: files[name] for name in info.files}
    for name, digest in info.files.items():
        if sha256(contents[name]).hexdigest() != digest:
            raise BaselineError(
                f"{name} of baseline {info.baseline_id} was changed after it was made; baselines are immutable, "
                "make a new one"
            )
    if content_id(contents) != info.baseline_id:
        raise BaselineError(f"baseline {info.baseline_id} does not match its files; make it again")
    if model is not None and model != info.model:
        raise BaselineError(
            f"baseline {info.baseline_id} belongs to model {info.model!r}, the endpoint serves {model!r}; "
            "make a baseline for the new model"
        )
    return BaselineFiles({**contents, INFO: files[INFO]}, info)


def import_baseline(
    constraints: bytes, statistics: bytes | None = None, histograms: bytes | None = None
) -> BaselineFiles:
    """Use files as they are, Amazon's or ours, bound to no model; without statistics, drift is not evaluated."""
    given = {CONSTRAINTS: constraints, STATISTICS: statistics, HISTOGRAMS: histograms}
    return BaselineFiles({name: data for name, data in given.items() if data is not None})
