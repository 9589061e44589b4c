"""What a monitor is, and the verbs that are written once for every monitor.

::

    state = profile(monitor, batches)          # fold: observe each batch, merge
    baseline = fit(monitor, batches)           # state and constraints of good data
    evaluation = evaluate(monitor, batches, baseline)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from monitoring_core.checks.evaluation import Check, Constraint, Evaluation, Measurement, Outcome, check_all
from monitoring_core.dataset.batch import Batch
from monitoring_core.stats.mergeable import Mergeable, merge_all


class State(Mergeable, Protocol):
    """A mergeable state that knows how many rows it has seen."""

    @property
    def rows(self) -> int:
        """Rows seen."""
        ...


S = TypeVar("S", bound=State)


class Monitor(Protocol[S]):
    """Pure functions around one mergeable state."""

    @property
    def name(self) -> str:
        """Name of the monitor, e.g. ``data-quality``."""
        ...

    def empty(self, reference: S | None = None, /) -> S:
        """Return the state of no rows."""
        ...

    def observe(self, batch: Batch, reference: S | None = None, /) -> S:
        """Return the state of one batch; its edges and categories are those of the reference, if there is one."""
        ...

    def as_reference(self, state: S, /) -> S:
        """Return the state of good data with everything fixed that later windows are compared on."""
        ...

    def measure(self, state: S, reference: S | None = None, /) -> Sequence[Measurement]:
        """Turn a finished state into numbers."""
        ...

    def suggest(self, reference: S, /) -> Sequence[Constraint]:
        """Return what a later window must satisfy, judged by good data, in the order of checking."""
        ...

    def explain(self, violation: Check, /) -> str:
        """Return the sentence that a person reads about a violated check."""
        ...


@dataclass(frozen=True, slots=True)
class Baseline(Generic[S]):
    """State of good data, and what later windows must satisfy."""

    state: S
    constraints: tuple[Constraint, ...]


def profile(monitor: Monitor[S], batches: Iterable[Batch], reference: S | None = None) -> S:
    """Fold batches into one state."""
    return merge_all((monitor.observe(batch, reference) for batch in batches), monitor.empty(reference))


def fit(monitor: Monitor[S], batches: Iterable[Batch]) -> Baseline[S]:
    """Make a baseline of good data."""
    state = monitor.as_reference(profile(monitor, batches))
    return Baseline(state, tuple(monitor.suggest(state)))


def judge(monitor: Monitor[S], state: S, baseline: Baseline[S]) -> Evaluation:
    """Hold a finished state against a baseline."""
    evaluation = check_all(monitor.name, state.rows, monitor.measure(state, baseline.state), baseline.constraints)
    checks = tuple(
        replace(check, reason=monitor.explain(check)) if check.outcome is Outcome.VIOLATED else check
        for check in evaluation.checks
    )
    return replace(evaluation, checks=checks)


def evaluate(monitor: Monitor[S], batches: Iterable[Batch], baseline: Baseline[S]) -> Evaluation:
    """Profile batches and hold them against a baseline."""
    return judge(monitor, profile(monitor, batches, baseline.state), baseline)
