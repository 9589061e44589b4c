"""A bundle: all that the bucket holds about one run, with the ledgers that vouch for it, in one zip file."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import ValidationError

from functions.common.contract import Utc
from functions.common.storage import sha256
from functions.ledger.chain import ROOT
from monitoring_core.errors import DataError
from monitoring_core.spec import Frozen
from watchkeeper.evidence.finding import Finding

_INDEX: Final = "bundle.json"
_NO_TIME: Final = (1980, 1, 1, 0, 0, 0)


class Index(Frozen):
    """``bundle.json``: what the bundle is about, and every object in it.

    Attributes
    ----------
    seals : dict of str to datetime
        When the manifests were written.
    files : dict of str to str
        SHA-256 of every object, by its key in the bucket; in the bundle it has the same name.
    """

    version: Literal[1] = 1
    run_id: str
    bucket: str
    seals: dict[str, Utc]
    files: dict[str, str]


def write_bundle(path: Path, run_id: str, bucket: str, seals: dict[str, datetime], objects: dict[str, bytes]) -> Index:
    """Write a bundle; the same objects give the same bytes."""
    files = {key: sha256(body) for key, body in sorted(objects.items())}
    index = Index(run_id=run_id, bucket=bucket, seals=dict(sorted(seals.items())), files=files)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, body in {_INDEX: index.model_dump_json(indent=1).encode(), **objects}.items():
            member = zipfile.ZipInfo(name, _NO_TIME)
            member.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(member, body)
    return index


@dataclass(frozen=True, slots=True)
class Bundle:
    """What is in a bundle, as `Stored`."""

    index: Index
    objects: dict[str, bytes] = field(repr=False)
    is_part: bool = True

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read a bundle.

        Raises
        ------
        DataError
            If the file is something else, or damaged.
        """
        try:
            with zipfile.ZipFile(path) as source:
                objects = {name: source.read(name) for name in source.namelist()}
            return cls(Index.model_validate_json(objects.pop(_INDEX, b"")), objects)
        except (OSError, zipfile.BadZipFile, zlib.error, ValidationError) as error:
            raise DataError(f"{path} is no bundle of `watchkeeper evidence`, or it is damaged: {error}") from error

    def findings(self) -> Iterator[Finding]:
        """Hold the objects against the list of them."""
        for key, digest in self.index.files.items():
            if key not in self.objects:
                yield Finding("missing", key, f"{_INDEX} names it")
            elif sha256(self.objects[key]) != digest:
                yield Finding("changed", key, f"{_INDEX} names another hash: {digest}")
        for key in self.objects.keys() - self.index.files.keys():
            yield Finding("added", key, f"{_INDEX} does not name it")

    def ledgers(self) -> list[str]:
        """Return the keys of the ledgers, the oldest first."""
        return sorted(key for key in self.objects if key.startswith(f"{ROOT}/"))

    def seals(self) -> Iterator[tuple[str, datetime]]:
        """Yield key and time of writing of every seal."""
        yield from self.index.seals.items()

    def read(self, key: str) -> bytes | None:
        """Return an object; None where there is none."""
        return self.objects.get(key)

    def names(self, folder: str) -> list[str]:
        """Return the names of the objects right in a folder."""
        found = (key.removeprefix(folder) for key in self.objects if key.startswith(folder))
        return [name for name in found if "/" not in name]

    def expired_before(self, now: datetime) -> datetime | None:  # noqa: ARG002 - as the protocol names it
        """Return None: nothing is deleted from a bundle."""
        return None
