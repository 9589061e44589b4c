"""Amazon's documented tables: how missing data is treated, most recent datapoint on the right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring_core.alarms import AlarmDefinition, AlarmState, MetricStat, StateValue, evaluate

NOW = datetime(2013, 4, 1, 12, 0, 30, tzinfo=UTC)
CREATED = NOW - timedelta(days=1)
KEPT = "keeps its state"
OK, ALARM, INSUFFICIENT = "OK", "ALARM", "INSUFFICIENT_DATA"
POLICIES = ("missing", "ignore", "breaching", "notBreaching")
PICTURE = {"0": 0.0, "X": 9.0, "-": None}


def definition(policy: str, m: int, n: int = 3) -> AlarmDefinition:
    return AlarmDefinition.from_api(
        {
            "AlarmName": "a",
            "Namespace": "ns",
            "MetricName": "x",
            "Statistic": "Maximum",
            "Period": 60,
            "EvaluationPeriods": n,
            "DatapointsToAlarm": m,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": policy,
        }
    )


def decide(picture: list[float | None], policy: str, m: int, n: int = 3, before: str = OK) -> str:
    def fetch(_stat: MetricStat, start: datetime, _end: datetime, period: int) -> dict[datetime, float]:
        times = (start + timedelta(seconds=period * i) for i in range(len(picture)))
        return {time: value for time, value in zip(times, picture, strict=True) if value is not None}

    return evaluate(definition(policy, m, n), fetch, NOW, AlarmState(StateValue(before), "", CREATED)).value


@pytest.mark.parametrize(
    ("picture", "m", "expected"),
    [
        ("0 - X - X", 3, (OK, OK, OK, OK)),
        ("- - - - 0", 3, (OK, OK, OK, OK)),
        ("- - - - -", 3, (INSUFFICIENT, KEPT, ALARM, OK)),
        ("0 X X - X", 3, (ALARM, ALARM, ALARM, ALARM)),
        ("- - X - -", 3, (ALARM, KEPT, ALARM, OK)),
        ("0 - X - X", 2, (ALARM, ALARM, ALARM, ALARM)),
        ("0 0 X 0 X", 2, (ALARM, ALARM, ALARM, ALARM)),
        ("0 - X - -", 2, (OK, OK, ALARM, OK)),
        ("- - - - 0", 2, (OK, OK, ALARM, OK)),
        ("- - - X -", 2, (ALARM, KEPT, ALARM, OK)),
    ],
)
@pytest.mark.parametrize("column", range(4), ids=POLICIES)
def test_documented_table(picture: str, m: int, expected: tuple[str, ...], column: int) -> None:
    points = [PICTURE[mark] for mark in picture.split()]
    for before in (OK, ALARM, INSUFFICIENT):
        wanted = before if expected[column] == KEPT else expected[column]
        assert decide(points, POLICIES[column], m, before=before) == wanted


@pytest.mark.parametrize("picture", ["- - - - X", "- - - X -"])
def test_a_single_recent_breach_does_not_raise_an_alarm_that_needs_three(picture: str) -> None:
    assert decide([PICTURE[mark] for mark in picture.split()], "missing", 3) == OK


def test_two_extra_periods_keep_the_last_datapoint_of_a_one_period_alarm_alive() -> None:
    assert decide([None, 9.0, None], "notBreaching", 1, 1) == ALARM
    assert decide([9.0, None, None], "notBreaching", 1, 1) == ALARM
    assert decide([None, None, None], "notBreaching", 1, 1) == OK


@st.composite
def windows(draw: st.DrawFn) -> tuple[list[float | None], int, int]:
    n = draw(st.integers(1, 6))
    point = st.sampled_from([None, 0.0, 9.0])
    return draw(st.lists(point, min_size=n + 2, max_size=n + 2)), draw(st.integers(1, n)), n


@given(windows())
def test_with_enough_datapoints_the_policy_does_not_matter_and_m_of_the_newest_n_decide(
    case: tuple[list[float | None], int, int],
) -> None:
    points, m, n = case
    received = [point for point in points if point is not None]
    states = {decide(points, policy, m, n) for policy in POLICIES}
    if len(received) >= n:
        assert states == {ALARM if sum(point > 1 for point in received[-n:]) >= m else OK}


@given(windows(), st.sampled_from([OK, ALARM, INSUFFICIENT]))
def test_breaching_alarms_whenever_any_other_policy_newly_does(
    case: tuple[list[float | None], int, int], before: str
) -> None:
    points, m, n = case
    raised = {policy for policy in POLICIES if decide(points, policy, m, n, OK) == ALARM}
    if raised:
        assert "breaching" in raised
    if "notBreaching" in raised:
        assert raised == set(POLICIES)
    if any(point is not None for point in points):
        assert decide(points, "missing", m, n, before) != INSUFFICIENT or before == INSUFFICIENT
