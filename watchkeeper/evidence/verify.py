"""Hold the files of an endpoint against its ledgers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from functions.common.contract import Engine, Status
from functions.common.storage import MANIFEST, sha256
from functions.ledger.model import Ledger, Sealed
from watchkeeper.evidence.chain import Chain, read_chain
from watchkeeper.evidence.finding import Finding
from watchkeeper.evidence.stored import Stored

_VERDICTS = {status.value for status in Status if status.is_verdict}


@dataclass(slots=True)
class Verification:
    """What was checked, and what was found.

    Attributes
    ----------
    seals, files : int
        Manifests and files that were read and compared.
    expired : int
        Manifests that the retention of the bucket has deleted.
    waiting : int
        Manifests that were written since the last ledger, for the next one.
    """

    head: str
    ledgers: int
    first_day: str
    last_day: str
    seals: int = 0
    files: int = 0
    expired: int = 0
    waiting: int = 0
    findings: list[Finding] = field(default_factory=list)


def verify(
    stored: Stored, now: datetime, *, since: date | None = None, until: date | None = None, head: str = ""
) -> Verification:
    """Check every link of the chain, and the files that were sealed from one day to another, both included.

    Parameters
    ----------
    head : str
        Hash of a ledger as it was noted before; it must be in the chain still.

    Raises
    ------
    NoDataError
        If there is no ledger.
    """
    chain = read_chain(stored)
    days = [ledger.day for ledger in chain.ledgers]
    found = Verification(chain.head, len(days), min(days, default=""), max(days, default=""))
    found.findings += chain.findings
    found.findings += _noted(chain, head)
    expired_before = stored.expired_before(now)
    entries = chain.entries
    asked = {one.key for ledger in chain.ledgers if _within(ledger, since, until) for one in ledger.sealed}
    written = dict(stored.seals())
    for key in sorted(asked & written.keys() if stored.is_part else asked):
        found.findings += _replaced(entries[key])
        _check(stored, entries[key][-1], found, expired_before)
    _unlisted(written, chain, entries, found)
    return found


def _noted(chain: Chain, head: str) -> Iterator[Finding]:
    """Look for a hash that was noted: that of the last ledger, or one that a later ledger names."""
    known = {chain.head, *(ledger.previous.sha256 for ledger in chain.ledgers if ledger.previous)}
    if head and head not in known:
        yield Finding("missing", "ledger", f"no ledger has the hash {head}: the chain was written anew, or cut")


def _within(ledger: Ledger, since: date | None, until: date | None) -> bool:
    day = date.fromisoformat(ledger.day)
    return (since is None or since <= day) and (until is None or day <= until)


def _replaced(entries: list[Sealed]) -> Iterator[Finding]:
    """Find seals that differ from an earlier one; a run that had no verdict may get one."""
    for before, after in pairwise(entries):
        if before.sha256 != after.sha256 and before.status not in {Status.NO_DATA, Status.FAILED}:
            detail = f"sealed on {before.written_at:%Y-%m-%d %H:%M}, sealed anew on {after.written_at:%Y-%m-%d %H:%M}"
            yield Finding("changed", after.key, f"{detail}: the window was run again, or someone wrote it")


def _check(stored: Stored, entry: Sealed, found: Verification, expired_before: datetime | None) -> None:
    """Compare a seal, and the files that it names."""
    body = stored.read(entry.key)
    if body is None:
        if entry.key.startswith("reports/") and expired_before is not None and entry.written_at < expired_before:
            found.expired += 1
        else:
            found.findings.append(Finding("missing", entry.key, f"it was sealed on {entry.written_at:%Y-%m-%d %H:%M}"))
        return
    found.seals += 1
    if sha256(body) != entry.sha256:
        if entry.status not in {Status.NO_DATA, Status.FAILED}:
            detail = f"it was sealed on {entry.written_at:%Y-%m-%d %H:%M} as {entry.sha256}"
            found.findings.append(Finding("changed", entry.key, detail))
        return
    document = json.loads(body)
    folder = entry.key.rpartition("/")[0] + "/"
    for name, digest in document.get("files", {}).items():
        found.findings += _compare(stored, folder + name, digest)
        found.files += 1
    found.findings += _strangers(stored, folder, document)


def _compare(stored: Stored, key: str, digest: str) -> Iterator[Finding]:
    body = stored.read(key)
    if body is None:
        yield Finding("missing", key, "the manifest beside it names it")
    elif sha256(body) != digest:
        yield Finding("changed", key, f"the manifest beside it names another hash: {digest}")


def _strangers(stored: Stored, folder: str, manifest: dict[str, Any]) -> Iterator[Finding]:
    """Find files beside the manifest of a verdict that it does not name; Amazon's jobs write more than it names."""
    if manifest.get("status") not in _VERDICTS or manifest.get("engine") == Engine.MANAGED:
        return
    for name in stored.names(folder):
        if name != MANIFEST and name not in manifest["files"]:
            yield Finding("added", folder + name, "the manifest beside it does not name it")


def _unlisted(
    seals: Mapping[str, datetime], chain: Chain, entries: dict[str, list[Sealed]], found: Verification
) -> None:
    """Find seals that no ledger names: those since the last one wait for the next."""
    last = max((ledger.until for ledger in chain.ledgers), default=None)
    for key, written in seals.items():
        if last is not None and written >= last:
            found.waiting += 1
        elif key not in entries:
            found.findings.append(Finding("added", key, f"written on {written:%Y-%m-%d %H:%M}, and in no ledger"))
