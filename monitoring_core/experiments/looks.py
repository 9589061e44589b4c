"""An experiment as it went on: what was known after each window."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from monitoring_core.experiments.plan import Experiment
from monitoring_core.experiments.verdict import Arm, Verdict, decide

Arms = Mapping[str, Arm]


@dataclass(frozen=True, slots=True)
class Look:
    """What was known at a moment.

    Attributes
    ----------
    arms : mapping of str to Arm
        All that the variants had served until then.
    """

    time: datetime
    arms: Arms
    verdict: Verdict


def look_back(
    experiment: Experiment, windows: Iterable[tuple[datetime, Arms]], since: datetime, stopped: Collection[str] = ()
) -> list[Look]:
    """Return what was known after each window, in order; the last is what is known now.

    Parameters
    ----------
    experiment : Experiment
    windows : iterable of (datetime, mapping of str to Arm)
        The end of each window, and what the variants served in it.
    since : datetime
        The start.
    stopped : collection of str
        Treatments that get no more traffic.

    Examples
    --------
    >>> from datetime import UTC, timedelta
    >>> from monitoring_core.experiments.plan import Metric
    >>> plan = Experiment(control="A", weights={"A": 1, "B": 1}, metric=Metric(name="sales"))
    >>> start = datetime(2013, 4, 1, tzinfo=UTC)
    >>> days = [(start + timedelta(days=i + 1), {"A": Arm(10), "B": Arm(11)}) for i in range(2)]
    >>> [(look.arms["B"].events, look.verdict.outcome.value) for look in look_back(plan, days, start)]
    [(11, 'Running'), (22, 'Running')]
    """
    total: dict[str, Arm] = {}
    looks = []
    for time, arms in sorted(windows, key=lambda one: one[0]):
        total = {name: total.get(name, Arm()).merge(arms.get(name, Arm())) for name in experiment.weights}
        looks.append(Look(time, total, decide(experiment, total, time - since, stopped)))
    return looks
