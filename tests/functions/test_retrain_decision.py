from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.retrain.decision import Decided, Facts, Outcome, Policy, Verdict, decide

START = datetime(2013, 4, 1, tzinfo=UTC)
minutes = st.integers(0, 20_000).map(lambda n: START + timedelta(minutes=n))
policies = st.builds(Policy, cooldown=st.integers(0, 5_000).map(lambda n: timedelta(minutes=n)), dry_run=st.booleans())


def decide_all(times: list[datetime], policy: Policy) -> list[Decided]:
    decided: list[Decided] = []
    for number, time in enumerate(times):
        decided.append(Decided(f"alarm@{number}", time, decide(Facts(time, tuple(decided)), policy).verdict))
    return decided


@given(st.lists(minutes, max_size=20), policies)
def test_retrainings_are_never_closer_than_the_cooldown_in_any_order(times: list[datetime], policy: Policy) -> None:
    acted = [d.at for d in decide_all(times, policy) if d.verdict in {Verdict.STARTED, Verdict.DRY_RUN}]
    assert all(abs(one - other) >= policy.cooldown for one, other in combinations(acted, 2))


@given(st.lists(minutes, max_size=20), policies)
def test_nothing_is_refused_without_a_retraining_near_it(times: list[datetime], policy: Policy) -> None:
    decided = decide_all(times, policy)
    acted = [d.at for d in decided if d.verdict in {Verdict.STARTED, Verdict.DRY_RUN}]
    for refused in (d for d in decided if d.verdict is Verdict.COOLDOWN):
        assert any(abs(refused.at - time) < policy.cooldown for time in acted)


@given(st.lists(minutes, max_size=20), policies)
def test_a_dry_run_decides_as_the_real_thing_and_starts_nothing(times: list[datetime], policy: Policy) -> None:
    real = [d.verdict for d in decide_all(times, Policy(policy.cooldown))]
    dry = [d.verdict for d in decide_all(times, Policy(policy.cooldown, dry_run=True))]
    assert Verdict.STARTED not in dry
    assert [Verdict.STARTED if verdict is Verdict.DRY_RUN else verdict for verdict in dry] == real


@given(minutes, policies)
def test_a_running_pipeline_is_never_joined_by_another(time: datetime, policy: Policy) -> None:
    decision = decide(Facts(time, executing="arn:running"), policy)
    assert decision.verdict is Verdict.IN_FLIGHT
    assert "arn:running" in decision.reason


def test_the_cooldown_ends_exactly_after_its_length() -> None:
    policy = Policy(timedelta(days=3))
    before = [Decided("a@1", START, Verdict.STARTED)]
    assert decide(Facts(START + timedelta(days=3), before), policy).verdict is Verdict.STARTED
    assert decide(Facts(START + timedelta(days=3, seconds=-1), before), policy).verdict is Verdict.COOLDOWN


DAY = timedelta(days=1)


def retrainings(*outcomes: Outcome | None) -> list[Decided]:
    return [Decided(f"a@{k}", START + k * DAY, Verdict.STARTED, outcome) for k, outcome in enumerate(outcomes)]


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        ([Outcome.REJECTED, Outcome.REJECTED], Verdict.NO_PROGRESS),
        ([Outcome.REJECTED], Verdict.STARTED),
        ([Outcome.REJECTED, Outcome.REGISTERED], Verdict.STARTED),
        ([Outcome.REGISTERED, Outcome.REJECTED, Outcome.REJECTED], Verdict.NO_PROGRESS),
        ([Outcome.REJECTED, Outcome.FAILED], Verdict.STARTED),  # a failure says nothing about the data
        ([Outcome.REJECTED, None], Verdict.STARTED),
    ],
)
def test_challengers_that_bring_nothing_stop_the_loop(outcomes: list[Outcome | None], verdict: Verdict) -> None:
    policy = Policy(timedelta(), max_rejected=2)
    assert decide(Facts(START + 9 * DAY, retrainings(*outcomes)), policy).verdict is verdict
    assert decide(Facts(START + 9 * DAY, retrainings(*outcomes), by_hand=True), policy).verdict is Verdict.STARTED


def test_a_month_costs_no_more_than_its_budget() -> None:
    policy = Policy(timedelta(), monthly_budget=30, cost=10)
    assert decide(Facts(START + 5 * DAY, retrainings(None, None)), policy).verdict is Verdict.STARTED
    spent = decide(Facts(START + 5 * DAY, retrainings(None, None, None)), policy)
    assert spent.verdict is Verdict.OVER_BUDGET
    assert "3 retrainings of April 2013 have cost about $30.00" in spent.reason
    assert decide(Facts(START + 31 * DAY, retrainings(None, None, None)), policy).verdict is Verdict.STARTED


def test_what_is_wrong_with_the_data_comes_before_everything_else() -> None:
    facts = Facts(START, retrainings(None), executing="arn", veto="temp is frozen", labels=0)
    assert decide(facts, Policy(DAY, min_labels=10)).reason == "temp is frozen"
    assert decide(facts, Policy(DAY, min_labels=10)).verdict is Verdict.VETOED
