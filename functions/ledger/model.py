"""The ledger of a day: which runs were sealed since the one before, and the hash of that one."""

from __future__ import annotations

from typing import Literal

from functions.common.contract import Utc
from monitoring_core.spec import Frozen


class Sealed(Frozen):
    """A seal as it was found: the manifest of a run or of a baseline, which names its files, or a decision's record.

    Attributes
    ----------
    key : str
        Of the object in the bucket.
    status : str
        How the run ended; empty for anything else. A run without a verdict may be sealed again, once it has one.
    version_id : str or None
        The version of the object, where the bucket keeps versions.
    """

    key: str
    sha256: str
    written_at: Utc
    status: str = ""
    version_id: str | None = None


class Link(Frozen):
    """The ledger before."""

    key: str
    sha256: str


class Ledger(Frozen):
    """One link of the chain.

    Attributes
    ----------
    day : str
        ``yyyy-mm-dd``, the last day that it covers.
    since : datetime or None
        The end of the ledger before; what was written from then on is in this one. None: from the beginning.
    until : datetime
        What was written from then on is in the next one.
    previous : Link or None
        None for the first.
    """

    version: Literal[1] = 1
    endpoint: str
    day: str
    since: Utc | None
    until: Utc
    previous: Link | None
    sealed: tuple[Sealed, ...]
