"""Walk the chain of ledgers: every link names the one before, and its hash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import ValidationError

from functions.common.storage import sha256
from functions.ledger.model import Ledger, Sealed
from monitoring_core.errors import NoDataError
from watchkeeper.evidence.finding import Finding
from watchkeeper.evidence.stored import Stored


@dataclass(slots=True)
class Chain:
    """What the ledgers of an endpoint say.

    Attributes
    ----------
    ledgers : list of Ledger
        Those that can be read, the oldest first.
    head : str
        Hash of the last one: who keeps it elsewhere can tell later that no ledger was written anew.
    findings : list of Finding
        What is wrong with the chain itself.
    """

    ledgers: list[Ledger] = field(default_factory=list)
    head: str = ""
    findings: list[Finding] = field(default_factory=list)

    @property
    def entries(self) -> dict[str, list[Sealed]]:
        """Every seal as it was found, by key, the oldest first."""
        found: dict[str, list[Sealed]] = {}
        for ledger in self.ledgers:
            for one in ledger.sealed:
                found.setdefault(one.key, []).append(one)
        return found


def read_chain(stored: Stored) -> Chain:
    """Read every ledger and check how they are linked.

    Raises
    ------
    NoDataError
        If there is none.
    """
    keys = stored.ledgers()
    if not keys:
        raise NoDataError("there is no ledger; set `governance.ledger: true`, deploy, wait for the end of a day")
    chain = Chain()
    before: tuple[str, str] | None = None
    for key in keys:
        body = stored.read(key) or b""
        chain.head = sha256(body)
        try:
            ledger = Ledger.model_validate_json(body)
        except ValidationError:
            chain.findings.append(Finding("changed", key, "this is no ledger any more"))
        else:
            chain.findings += _linked(key, ledger, before) if before or not stored.is_part else ()
            chain.ledgers.append(ledger)
        before = (key, chain.head)
    return chain


def _linked(key: str, ledger: Ledger, before: tuple[str, str] | None) -> Iterator[Finding]:
    """Check one link against the ledger that stands before it."""
    named = (ledger.previous.key, ledger.previous.sha256) if ledger.previous else None
    if named == before:
        return
    if before is None and named is not None:
        yield Finding("missing", named[0], f"{key} follows it, and it is not there")
    elif before is not None and named is not None and named[0] == before[0]:
        yield Finding("changed", before[0], f"{key} was written after it and names another hash: {named[1]}")
    elif before is not None and named is not None and named[0] < before[0]:
        yield Finding("added", before[0], f"{key} follows {named[0]}, so this ledger was put between them")
    elif named is not None:
        yield Finding("missing", named[0], f"{key} follows it, and it is not there")
    else:
        yield Finding("changed", key, "it claims to be the first ledger, and others stand before it")
