"""How far a number is beyond its limit agrees with the verdict."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring_core.checks.drift import DRIFT_CHECK, evaluated_drifts, excess
from monitoring_core.checks.evaluation import Bound, Check, Constraint, Measurement, Outcome, Subject, check_all

SHARES = st.floats(0, 1)


def check(value: float, bound: Bound, check_type: str = DRIFT_CHECK) -> Check:
    return Constraint("m", bound, check_type=check_type).check(Measurement("m", value, 9))


@given(value=SHARES, limit=SHARES)
def test_a_distance_above_its_limit_exceeds_it(value: float, limit: float) -> None:
    judged = check(value, Bound(upper=limit))

    assert (judged.outcome is Outcome.PASSED) or excess(judged) >= 1  # the ratio of neighbouring floats rounds to 1
    assert (judged.outcome is Outcome.VIOLATED) or excess(judged) <= 1


@given(value=SHARES, limit=st.floats(0.001, 0.999))
def test_a_p_value_below_its_limit_exceeds_it(value: float, limit: float) -> None:
    judged = check(value, Bound(lower=limit))

    assert (judged.outcome is Outcome.PASSED) or excess(judged) >= 1
    assert (judged.outcome is Outcome.VIOLATED) or excess(judged) <= 1


def test_a_p_value_of_zero_is_far_beyond_and_still_finite() -> None:
    assert 100 < excess(check(0.0, Bound(lower=0.05))) < math.inf


@pytest.mark.parametrize(("value", "bound", "expected"), [(0.1, Bound(upper=0), math.inf), (0, Bound(upper=0), 0)])
def test_a_limit_of_zero(value: float, bound: Bound, expected: float) -> None:
    assert excess(check(value, bound)) == expected


@pytest.mark.parametrize(
    ("value", "bound"), [(math.nan, Bound(upper=1)), (1, Bound()), (0.5, Bound(lower=1.0)), (0.5, Bound(lower=0.0))]
)
def test_without_a_number_or_a_limit_it_is_undefined(value: float, bound: Bound) -> None:
    assert math.isnan(excess(check(value, bound)))


def test_a_share_that_is_too_small_exceeds_its_limit() -> None:
    assert excess(check(0.45, Bound(lower=0.9), "completeness_check")) == pytest.approx(2)


def test_only_drift_with_a_verdict_is_listed() -> None:
    drift = [Constraint("d", Bound(upper=0.1), Subject(name), check_type=DRIFT_CHECK) for name in "ab"]
    other = Constraint("d", Bound(lower=0.9), Subject("b"), check_type="completeness_check")
    evaluation = check_all("data-quality", 9, [Measurement("d", 0.5, 9, Subject("b"))], [*drift, other])

    assert [item.constraint for item in evaluated_drifts(evaluation)] == [drift[1]]
