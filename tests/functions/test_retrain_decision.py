from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from functions.retrain.decision import Decided, Policy, Verdict, decide

START = datetime(2013, 4, 1, tzinfo=UTC)
minutes = st.integers(0, 20_000).map(lambda n: START + timedelta(minutes=n))
policies = st.builds(Policy, cooldown=st.integers(0, 5_000).map(lambda n: timedelta(minutes=n)), dry_run=st.booleans())


def decide_all(times: list[datetime], policy: Policy) -> list[Decided]:
    decided: list[Decided] = []
    for number, time in enumerate(times):
        decided.append(Decided(f"alarm@{number}", time, decide(time, decided, None, policy).verdict))
    return decided


@given(st.lists(minutes, max_size=20), policies)
def test_retrainings_are_never_closer_than_the_cooldown_in_any_order(times: list[datetime], policy: Policy) -> None:
    acted = [d.opened_at for d in decide_all(times, policy) if d.verdict in {Verdict.STARTED, Verdict.DRY_RUN}]
    assert all(abs(one - other) >= policy.cooldown for one, other in combinations(acted, 2))


@given(st.lists(minutes, max_size=20), policies)
def test_nothing_is_refused_without_a_retraining_near_it(times: list[datetime], policy: Policy) -> None:
    decided = decide_all(times, policy)
    acted = [d.opened_at for d in decided if d.verdict in {Verdict.STARTED, Verdict.DRY_RUN}]
    for refused in (d for d in decided if d.verdict is Verdict.COOLDOWN):
        assert any(abs(refused.opened_at - time) < policy.cooldown for time in acted)


@given(st.lists(minutes, max_size=20), policies)
def test_a_dry_run_decides_as_the_real_thing_and_starts_nothing(times: list[datetime], policy: Policy) -> None:
    real = [d.verdict for d in decide_all(times, Policy(policy.cooldown))]
    dry = [d.verdict for d in decide_all(times, Policy(policy.cooldown, dry_run=True))]
    assert Verdict.STARTED not in dry
    assert [Verdict.STARTED if verdict is Verdict.DRY_RUN else verdict for verdict in dry] == real


@given(minutes, policies)
def test_a_running_pipeline_is_never_joined_by_another(time: datetime, policy: Policy) -> None:
    decision = decide(time, [], "arn:running", policy)
    assert decision.verdict is Verdict.IN_FLIGHT
    assert "arn:running" in decision.reason


def test_the_cooldown_ends_exactly_after_its_length() -> None:
    policy = Policy(timedelta(days=3))
    before = [Decided("a@1", START, Verdict.STARTED)]
    assert decide(START + timedelta(days=3), before, None, policy).verdict is Verdict.STARTED
    assert decide(START + timedelta(days=3, seconds=-1), before, None, policy).verdict is Verdict.COOLDOWN
