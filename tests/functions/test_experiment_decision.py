"""What follows from a verdict, case by case."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from functions.experiment.decision import disturbance, next_step
from functions.experiment.live import Live
from functions.experiment.log import Step
from functions.experiment.spec import Policy
from functions.experiment.standing import Standing
from monitoring_core.experiments.verdict import Outcome, Verdict

AT = datetime(2013, 4, 1, tzinfo=UTC)
WEIGHTS = {"control": 2.0, "b": 1.0, "c": 1.0}
ACTING = Policy(on_winner="ramp", steps=(0.5, 0.8, 1.0), on_harm="stop")


def standing(**given: Any) -> Standing:
    return Standing(**{"endpoint": "ep", "experiment": "x", "weights": WEIGHTS, "report": "r"} | given)


def step(**given: Any) -> Step:
    weights = given.pop("weights", WEIGHTS)
    told = standing(weights=weights, **given)
    return Step(number=1, at=AT, previous=weights, config_name="config", standing=told)


def verdict(outcome: Outcome, winner: str | None = None, stopped: tuple[str, ...] = ()) -> Verdict:
    return Verdict(outcome, "because", winner, stopped, (), 1.0)


def follow(policy: Policy, found: Verdict, before: Step | None = None) -> Step | None:
    before = before or step()
    now = before.standing.model_copy(update={"outcome": found.outcome, "winner": found.winner})
    return next_step(policy, before, "control", now, found, AT)


def test_nothing_new_is_no_step() -> None:
    assert follow(ACTING, verdict(Outcome.RUNNING)) is None


@pytest.mark.parametrize(
    ("found", "weights", "stage", "is_over"),
    [
        (verdict(Outcome.WINNER, "b"), {"control": 2.0, "b": 2.0, "c": 0.0}, 2, False),
        (verdict(Outcome.RUNNING, None, ("c",)), {"control": 2.0, "b": 1.0, "c": 0.0}, 1, False),
        (verdict(Outcome.WINNER, "b", ("c",)), {"control": 2.0, "b": 2.0, "c": 0.0}, 2, False),
        (verdict(Outcome.CONTROL, None, ("b", "c")), {"control": 2.0, "b": 0.0, "c": 0.0}, 1, True),
        (verdict(Outcome.NO_DIFFERENCE), WEIGHTS, 1, True),
        (verdict(Outcome.INVALID), WEIGHTS, 1, True),
    ],
)
def test_a_policy_that_acts_changes_the_weights(
    found: Verdict, weights: dict[str, float], stage: int, *, is_over: bool
) -> None:
    following = follow(ACTING, found)

    assert following is not None
    assert (following.weights, following.stage, following.standing.is_over) == (weights, stage, is_over)
    assert (following.number, following.previous) == (2, WEIGHTS)
    assert following.standing.harmful == found.stopped


@pytest.mark.parametrize(
    ("found", "is_over"),
    [
        (verdict(Outcome.WINNER, "b"), True),
        (verdict(Outcome.RUNNING, None, ("c",)), False),
        (verdict(Outcome.CONTROL, None, ("b", "c")), True),
    ],
)
def test_a_policy_that_tells_leaves_the_weights(found: Verdict, *, is_over: bool) -> None:
    following = follow(Policy(), found)

    assert following is not None
    assert (following.changes_weights, following.standing.is_over) == (False, is_over)


@pytest.mark.parametrize(
    ("share", "after", "is_over"), [(0.5, 0.8, False), (0.6, 0.8, False), (0.8, 1.0, True), (1.0, 1.0, True)]
)
def test_a_winner_gets_the_next_larger_share(share: float, after: float, *, is_over: bool) -> None:
    following = follow(ACTING, verdict(Outcome.WINNER, "b"), step(weights={"control": 1 - share, "b": share}))

    assert following is not None
    assert following.weights == pytest.approx({"control": 1 - after, "b": after})
    assert following.standing.is_over is is_over


def test_harm_is_told_beside_that_of_before() -> None:
    following = follow(ACTING, verdict(Outcome.CONTROL, None, ("b",)), step(harmful=("c",)))

    assert following is not None
    assert following.standing.harmful == ("c", "b")


@pytest.mark.parametrize(
    ("config", "weights", "said"),
    [
        ("config", {"control": 1.0, "b": 0.5, "c": 0.5}, ""),  # another scale, the same split
        ("config", {"control": 1.0, "b": 1.0, "c": 1.0}, "somebody else changed the weights"),
        ("other", WEIGHTS, "the endpoint got another configuration (other after config)"),
        ("other", {"control": 2.0}, "the endpoint got another configuration"),
    ],
)
def test_what_others_change_is_noticed(config: str, weights: dict[str, float], said: str) -> None:
    found = disturbance(step(), Live("InService", config, weights, AT))

    assert found.startswith(said)
    assert bool(found) == bool(said)
