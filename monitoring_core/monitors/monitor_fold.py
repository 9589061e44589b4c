"""MonitorFold: any monitor as a fold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from monitoring_core.dataset.batch import Batch
from monitoring_core.monitors.analysis import Analysis
from monitoring_core.monitors.segments import StoredState
from monitoring_core.monitors.state_bytes import dump_state, load_state

S = TypeVar("S", bound=StoredState)


class Observer(Protocol[S]):
    """What of a `monitoring_core.monitors.base.Monitor` a fold needs."""

    @property
    def name(self) -> str:
        """Name of the monitor."""
        ...

    def empty(self, reference: S | None = None, /) -> S:
        """Return the state of no rows."""
        ...

    def observe(self, batch: Batch, reference: S | None = None, /) -> S:
        """Return the state of one batch."""
        ...


@dataclass(frozen=True, slots=True)
class MonitorFold(Generic[S]):
    """A monitor whose states are counted on those of good data, as a `monitoring_core.fold.Fold`.

    Attributes
    ----------
    monitor : Observer
        Any monitor.
    reference : state or None
        State of good data, whose edges and categories are counted on; None where nothing is fixed.
    verdict : callable
        From a finished state to the files.
    """

    monitor: Observer[S]
    reference: S | None
    verdict: Callable[[S], Analysis]

    def empty(self) -> S:
        """Return the state of no rows."""
        return self.monitor.empty(self.reference)

    def observe(self, batch: Batch, /) -> S:
        """Return the state of one batch."""
        return self.monitor.observe(batch, self.reference)

    def dump(self, state: S, /) -> bytes:
        """Write a state."""
        return dump_state(self.monitor.name, state)

    def load(self, body: bytes, /) -> S:
        """Read what `dump` wrote."""
        return load_state(self.monitor.name, body, self.empty())

    def conclude(self, state: S, /) -> Analysis:
        """Hold a finished state against the baseline."""
        return self.verdict(state)
