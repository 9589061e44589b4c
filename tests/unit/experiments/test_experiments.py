"""Experiments keep their promises under continuous peeking: 2,000 simulated ones, looked at after every batch."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from monitoring_core.errors import ConfigError
from monitoring_core.experiments.confidence_sequence import Difference, interval, p_value
from monitoring_core.experiments.plan import Experiment, Guardrail, Metric
from monitoring_core.experiments.sample_ratio import mismatch_p_value
from monitoring_core.experiments.verdict import Arm, Outcome, decide
from monitoring_core.stats.moments import Moments

EXPERIMENTS, LOOKS, PER_LOOK = 2000, 100, 100
DAY = timedelta(days=1)
Draw = Callable[[np.random.Generator, tuple[int, int]], NDArray[np.float64]]


def peeked(rng: np.random.Generator, draw: Draw, effect: float = 0.0) -> NDArray[np.float64]:
    """Whether each of 2,000 experiments was ever called different, and the look at which it was; two arms of one
    hundred values a look, all looks taken from the second on (200 values an arm)."""
    first = np.full(EXPERIMENTS, np.inf)
    n, sums, squares = 0, np.zeros((2, EXPERIMENTS)), np.zeros((2, EXPERIMENTS))
    for look in range(1, LOOKS + 1):
        values = np.stack([draw(rng, (EXPERIMENTS, PER_LOOK)), draw(rng, (EXPERIMENTS, PER_LOOK)) + effect])
        n += PER_LOOK
        sums += values.sum(axis=2)
        squares += (values**2).sum(axis=2)
        if n < 200:
            continue
        errors = np.sqrt(((squares - sums**2 / n) / (n - 1) / n).sum(axis=0))
        estimates = (sums[1] - sums[0]) / n
        for i in np.flatnonzero(np.isinf(first)):
            low, high = interval(Difference(float(estimates[i]), float(errors[i]), 2 * n))
            if low > 0 or high < 0:
                first[i] = look
    return first


DRAWS: dict[str, Draw] = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "conversion of 5 %": lambda rng, shape: (rng.random(shape) < 0.05).astype(float),
    "skewed": lambda rng, shape: rng.lognormal(0.0, 1.0, size=shape),
}


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_at_most_one_in_twenty_experiments_without_effect_is_ever_called_different(draw: Draw) -> None:
    first = peeked(np.random.default_rng(7), draw)

    assert np.isfinite(first).mean() <= 0.05


def test_an_effect_of_a_tenth_of_a_standard_deviation_is_found_in_nearly_all_experiments() -> None:
    first = peeked(np.random.default_rng(11), DRAWS["normal"], effect=0.1)

    assert np.isfinite(first).mean() >= 0.99  # 10,000 values an arm; a test at the end alone would find all
    assert np.median(first) <= 45


def test_a_fixed_test_that_peeks_would_not_hold() -> None:
    """The simulation can fail: the usual 95 % interval, looked at as often, errs in far more experiments."""
    rng, sums, n, ever = np.random.default_rng(7), np.zeros(EXPERIMENTS), 0, np.zeros(EXPERIMENTS, bool)
    for _ in range(LOOKS):
        sums += rng.normal(size=(EXPERIMENTS, PER_LOOK)).sum(axis=1)
        n += PER_LOOK
        ever |= np.abs(sums / n) > 1.96 / math.sqrt(n)

    assert ever.mean() > 0.3


@given(st.floats(-1, 1), st.floats(0.001, 1), st.integers(4, 10**7), st.sampled_from([0.01, 0.05, 0.2]))
def test_the_p_value_is_below_alpha_exactly_where_the_interval_leaves_zero_out(
    estimate: float, error: float, n: int, alpha: float
) -> None:
    difference = Difference(estimate, error, n)
    low, high = interval(difference, alpha=alpha)
    p = p_value(difference, alpha=alpha)

    if abs(p - alpha) > 1e-9:
        assert (p < alpha) == (low > 0 or high < 0)


def test_a_split_as_configured_is_hardly_ever_called_wrong_and_a_wrong_one_is() -> None:
    rng, weights = np.random.default_rng(3), {"A": 9, "B": 1}
    ever, caught = 0, 0
    for _ in range(400):
        right = np.cumsum(rng.binomial(1000, 0.10, size=50))
        wrong = np.cumsum(rng.binomial(1000, 0.11, size=50))
        total = 1000 * np.arange(1, 51)
        ever += min(mismatch_p_value({"A": t - b, "B": b}, weights) for t, b in zip(total, right, strict=True)) < 0.01
        caught += min(mismatch_p_value({"A": t - b, "B": b}, weights) for t, b in zip(total, wrong, strict=True)) < 0.01

    assert ever <= 4
    assert caught >= 0.95 * 400


def arm(mean: float, n: int = 20_000, spread: float = 1.0, events: int | None = None, **guardrails: float) -> Arm:
    metrics = {"kpi": Moments(n, n * mean, n * spread**2, mean - 5, mean + 5)}
    metrics |= {name: Moments(n, n * value, n * spread**2, value - 5, value + 5) for name, value in guardrails.items()}
    return Arm(n if events is None else events, metrics)


PLAN = Experiment(control="A", weights={"A": 1, "B": 1}, metric=Metric(name="kpi"), min_duration=7 * DAY)


@pytest.mark.parametrize(
    ("treatment", "days", "outcome", "winner"),
    [
        (1.1, 8, Outcome.WINNER, "B"),
        (1.1, 3, Outcome.RUNNING, None),  # not before the shortest duration
        (0.9, 3, Outcome.CONTROL, None),  # harm ends at once
        (1.0, 8, Outcome.RUNNING, None),
        (1.0, 28, Outcome.NO_DIFFERENCE, None),
    ],
)
def test_the_verdict_follows_interval_and_time(
    treatment: float, days: int, outcome: Outcome, winner: str | None
) -> None:
    verdict = decide(PLAN, {"A": arm(1.0), "B": arm(treatment)}, days * DAY)

    assert (verdict.outcome, verdict.winner) == (outcome, winner)
    assert verdict.stopped == (("B",) if outcome is Outcome.CONTROL else ())


def test_where_lower_is_better_the_lower_arm_wins() -> None:
    plan = PLAN.model_copy(update={"metric": Metric(name="kpi", better="lower")})

    assert decide(plan, {"A": arm(1.0), "B": arm(0.9)}, 8 * DAY).winner == "B"


def test_a_difference_within_the_margin_ends_the_experiment_early() -> None:
    plan = PLAN.model_copy(update={"margin": 0.2})

    assert decide(plan, {"A": arm(1.0), "B": arm(1.0)}, 8 * DAY).outcome is Outcome.NO_DIFFERENCE


def test_a_broken_guardrail_stops_a_winner() -> None:
    plan = PLAN.model_copy(update={"guardrails": (Guardrail(name="latency", better="lower", tolerance=0.05),)})
    arms = {"A": arm(1.0, latency=1.0), "B": arm(1.2, latency=1.2)}

    verdict = decide(plan, arms, 8 * DAY)

    assert (verdict.outcome, verdict.winner, verdict.stopped) == (Outcome.CONTROL, None, ("B",))
    assert "latency" in verdict.reason
    assert decide(plan, arms | {"B": arm(1.2, latency=1.04)}, 8 * DAY).winner == "B"


def test_of_several_treatments_the_best_that_keeps_the_guardrails_wins() -> None:
    plan = Experiment(
        control="A", weights=dict.fromkeys("ABC", 1), metric=Metric(name="kpi"), guardrails=(Guardrail(name="safe"),)
    )
    arms = {"A": arm(1.0, safe=1.0), "B": arm(1.1, safe=1.0), "C": arm(1.3, safe=0.5)}

    verdict = decide(plan, arms, 8 * DAY)

    assert (verdict.winner, verdict.stopped) == ("B", ("C",))


def test_traffic_that_does_not_split_as_configured_makes_no_winner() -> None:
    verdict = decide(PLAN, {"A": arm(1.0, events=20_000), "B": arm(1.5, events=17_000)}, 8 * DAY)

    assert verdict.outcome is Outcome.INVALID
    assert "45.95% of wanted 50.00%" in verdict.reason


def test_too_few_values_say_nothing() -> None:
    verdict = decide(PLAN, {"A": arm(1.0, n=100), "B": arm(9.0, n=100)}, 8 * DAY)

    assert verdict.outcome is Outcome.RUNNING
    assert math.isnan(verdict.comparisons[0].low)


def test_a_variant_without_weight_cannot_be_compared() -> None:
    with pytest.raises(ConfigError, match="variants B have events but no weight"):
        mismatch_p_value({"A": 1, "B": 1}, {"A": 1})


def test_a_plan_without_a_treatment_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one other variant"):
        Experiment(control="A", weights={"A": 1}, metric=Metric(name="kpi"))
