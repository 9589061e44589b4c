"""From the arms of an experiment to what is to be done: a pure function, to be asked as often as one likes."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Self

from monitoring_core.experiments.confidence_sequence import Difference, interval, p_value
from monitoring_core.experiments.plan import Experiment, Guardrail, Metric
from monitoring_core.experiments.sample_ratio import mismatch_p_value
from monitoring_core.stats.moments import Moments


@dataclass(frozen=True, slots=True)
class Arm:
    """What one variant has served: a monoid.

    Attributes
    ----------
    events : int
        Events that the variant has answered, with or without a value of any metric.
    metrics : mapping of str to Moments
        Values by metric.
    """

    events: int = 0
    metrics: Mapping[str, Moments] = field(default_factory=dict)

    def merge(self, other: Arm, /) -> Arm:
        """Return both together.

        Examples
        --------
        >>> Arm(2).merge(Arm(3, {"kpi": Moments(1, 2.0, 0.0, 2.0, 2.0)})).events
        5
        """
        names = {**self.metrics, **other.metrics}
        return Arm(self.events + other.events, {name: self.of(name).merge(other.of(name)) for name in names})

    def of(self, metric: str) -> Moments:
        """Return the values of a metric; empty where there are none."""
        return self.metrics.get(metric, Moments())

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; metrics without a value are left out."""
        return {
            "events": self.events,
            "metrics": {name: moments.to_dict() for name, moments in self.metrics.items() if moments.count},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(data["events"], {name: Moments.from_dict(one) for name, one in data["metrics"].items()})


class Outcome(StrEnum):
    """What is known about an experiment."""

    RUNNING = "Running"
    WINNER = "Winner"
    """One treatment is better than the control."""
    CONTROL = "Control"
    """Every treatment is worse, or broke a guardrail."""
    NO_DIFFERENCE = "NoDifference"
    """The difference lies within the margin, or the time is over without one."""
    INVALID = "Invalid"
    """The traffic does not split as configured, so that no comparison holds."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One metric of one treatment against the control.

    Attributes
    ----------
    estimate, low, high : float
        Treatment less control, and an interval that is valid at every look; ``nan`` where there are too few values.
    p_value : float
        Valid at every look.
    """

    treatment: str
    metric: str
    estimate: float
    low: float
    high: float
    p_value: float
    n_treatment: int
    n_control: int
    sign: int = 1

    @property
    def is_better(self) -> bool:
        """Whether the whole interval is on the good side of zero."""
        return self._worst > 0

    @property
    def is_worse(self) -> bool:
        """Whether the whole interval is on the bad side of zero."""
        return self._best < 0

    def is_within(self, margin: float) -> bool:
        """Whether the whole interval is nearer to zero than `margin`."""
        return margin > 0 and -margin < self.low and self.high < margin

    def breaks(self, guardrail: Guardrail) -> bool:
        """Whether the whole interval is worse than the guardrail allows."""
        return self._best < -guardrail.tolerance

    @property
    def _worst(self) -> float:
        return min(self.sign * self.low, self.sign * self.high)

    @property
    def _best(self) -> float:
        return max(self.sign * self.low, self.sign * self.high)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known now, and why.

    Attributes
    ----------
    winner : str or None
        The treatment that is to serve.
    stopped : tuple of str
        Treatments that now break a guardrail or are worse: they should get no more traffic.
    """

    outcome: Outcome
    reason: str
    winner: str | None
    stopped: tuple[str, ...]
    comparisons: tuple[Comparison, ...]
    sample_ratio_p_value: float


def decide(
    experiment: Experiment, arms: Mapping[str, Arm], running: timedelta, stopped: Collection[str] = ()
) -> Verdict:
    """Say what the arms show after the experiment has been running for some time.

    Over all looks together, a treatment without effect is called better or worse with probability ``alpha`` at most
    (shared among the treatments); guardrails are each judged on the same level.

    Parameters
    ----------
    experiment : Experiment
    arms : mapping of str to Arm
        By variant; one that is missing has served nothing.
    running : timedelta
        Time since the start.
    stopped : collection of str
        Treatments that have been stopped before. They get no traffic and are not judged again; they still have their
        share of `alpha`. The split between the others is as before, so what those have served still counts.

    Returns
    -------
    Verdict
        A guardrail stops a treatment at any time; better, or no different, ends it after ``min_duration`` only.

    Examples
    --------
    >>> from datetime import timedelta
    >>> plan = Experiment(control="A", weights={"A": 1, "B": 1}, metric=Metric(name="sales"), min_duration=timedelta())
    >>> def sold(mean): return Arm(10_000, {"sales": Moments(10_000, 10_000 * mean, 10_000 * 1.0, 0.0, 9.0)})
    >>> decide(plan, {"A": sold(1.0), "B": sold(1.1)}, timedelta(days=1)).winner
    'B'
    >>> decide(plan, {"A": sold(1.0), "B": sold(1.0)}, timedelta(days=1)).outcome.value
    'Running'
    """
    everyone = {name: arms.get(name, Arm()) for name in experiment.weights if name not in stopped}
    split = mismatch_p_value({name: arm.events for name, arm in everyone.items()}, experiment.weights_of(everyone))
    judged = [name for name in experiment.treatments if name not in stopped]
    comparisons = tuple(
        _compare(experiment, metric, name, everyone) for name in judged for metric in experiment.metrics
    )

    if split < experiment.sample_ratio_alpha:
        reason = _split_sentence(experiment, everyone, split)
        return Verdict(Outcome.INVALID, reason, None, (), comparisons, split)
    main = {c.treatment: c for c in comparisons if c.metric == experiment.metric.name}
    worse = {name: f"{name} is worse in {c.metric} ({_shown(c)})" for name, c in main.items() if c.is_worse}
    bad = worse | _broken(experiment, comparisons)
    harmful = tuple(name for name in judged if name in bad)
    alive = [c for name, c in main.items() if name not in bad]
    if not alive:
        return Verdict(Outcome.CONTROL, "; ".join(bad.values()), None, harmful, comparisons, split)
    outcome, reason, winner = _judge(experiment, alive, running)
    return Verdict(outcome, "; ".join([*bad.values(), reason]), winner, harmful, comparisons, split)


def _judge(experiment: Experiment, alive: Sequence[Comparison], running: timedelta) -> tuple[Outcome, str, str | None]:
    """Return outcome, reason and winner among the treatments that have done no harm."""
    if running < experiment.min_duration:
        return Outcome.RUNNING, f"it runs for {experiment.min_duration} at least", None
    better = [c for c in alive if c.is_better]
    if better:
        best = max(better, key=lambda c: c.sign * c.estimate)
        return Outcome.WINNER, f"{best.treatment} is better in {best.metric} ({_shown(best)})", best.treatment
    if all(c.is_within(experiment.margin) for c in alive):
        return Outcome.NO_DIFFERENCE, f"any difference is below {experiment.margin}", None
    if running >= experiment.max_duration:
        return Outcome.NO_DIFFERENCE, f"no difference was found in {experiment.max_duration}", None
    return Outcome.RUNNING, "nothing can be said yet", None


def _compare(experiment: Experiment, metric: Metric, name: str, arms: Mapping[str, Arm]) -> Comparison:
    treatment, control = arms[name].of(metric.name), arms[experiment.control].of(metric.name)
    alpha = experiment.alpha / len(experiment.treatments)
    low = high = p = math.nan
    difference = Difference.of(treatment, control)
    if min(treatment.count, control.count) >= experiment.min_n:
        low, high = interval(difference, alpha=alpha)
        p = p_value(difference, alpha=alpha)
    return Comparison(name, metric.name, difference.estimate, low, high, p, treatment.count, control.count, metric.sign)


def _broken(experiment: Experiment, comparisons: tuple[Comparison, ...]) -> dict[str, str]:
    """Return the treatments that broke a guardrail, and how."""
    limits = {guardrail.name: guardrail for guardrail in experiment.guardrails}
    return {
        c.treatment: f"{c.treatment} is worse in the guardrail {c.metric} than it may be ({_shown(c)})"
        for c in comparisons
        if c.metric in limits and c.breaks(limits[c.metric])
    }


def _shown(c: Comparison) -> str:
    return f"difference {c.estimate:.4g}, interval {c.low:.4g} to {c.high:.4g}, n {c.n_treatment} and {c.n_control}"


def _split_sentence(experiment: Experiment, arms: Mapping[str, Arm], p: float) -> str:
    total, events = sum(experiment.weights_of(arms).values()), sum(arm.events for arm in arms.values())
    shares = ", ".join(
        f"{name} {arm.events / events:.2%} of wanted {experiment.weights[name] / total:.2%}"
        for name, arm in arms.items()
    )
    return f"the traffic does not split as configured ({shares}; p = {p:.2g}): find out why before comparing anything"
