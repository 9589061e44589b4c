"""What happened in the account, in order, with simulated times."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

Kind = Literal["event", "delivery", "message", "alarm", "schedule", "invocation", "execution", "failure"]


@dataclass(frozen=True)
class Entry:
    """One thing that happened.

    Attributes
    ----------
    number : int
        Position in the journal, from 0.
    time : str
        Simulated time, ISO 8601 in UTC.
    kind : str
        ``event`` put on a bus, ``delivery`` to a target, ``message`` handed to a subscriber, ``alarm`` changed its
        state, ``schedule`` fired, ``invocation`` of a function ended, ``execution`` of a state machine ended,
        ``failure`` of the account itself.
    subject : str
        Name or ARN of what it happened to.
    detail : dict
        The rest.
    """

    number: int
    time: str
    kind: Kind
    subject: str
    detail: dict[str, Any] = field(default_factory=dict)


class Journal:
    """An append-only list of entries.

    Parameters
    ----------
    now : callable
        Tells the simulated time.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._entries: list[Entry] = []
        self._lock = threading.Lock()

    def write(self, kind: Kind, subject: str, /, **detail: Any) -> None:
        """Append an entry; a failure also goes to standard error."""
        with self._lock:
            entry = Entry(len(self._entries), self._now().isoformat(), kind, subject, detail)
            self._entries.append(entry)
        if kind == "failure":
            sys.stderr.write(f"localaws: {subject}: {detail.get('trace') or detail}\n")

    def read(self, kind: str | None = None, after: int = -1) -> list[dict[str, Any]]:
        """Return the entries of `kind` (None means all) with a number above `after`, ready for JSON."""
        with self._lock:
            entries = self._entries[after + 1 :]
        return [asdict(entry) for entry in entries if kind in (None, entry.kind)]
