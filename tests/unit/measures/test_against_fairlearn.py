"""The bias measures that fairlearn has, too."""

from __future__ import annotations

import numpy as np
import pytest
from fairlearn import metrics as fairlearn
from numpy.typing import NDArray

from monitoring_core.measures.bias.error_rates import (
    average_odds_difference,
    equal_opportunity_difference,
    equalized_odds_difference,
)
from monitoring_core.measures.bias.ratios import Outcomes

Rows = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


@pytest.fixture(params=range(8))
def rows(request: pytest.FixtureRequest) -> Rows:
    """Observed and predicted labels, and the group: 1 is the disadvantaged one."""
    random = np.random.default_rng(request.param)
    group = random.integers(0, 2, 400)
    observed = (random.uniform(size=400) < np.where(group, 0.3, 0.5)).astype(np.int64)
    predicted = np.where(random.uniform(size=400) < 0.2 + 0.1 * group, 1 - observed, observed)
    return observed, predicted, group


def outcomes(rows: Rows, group: int) -> Outcomes:
    observed, predicted, groups = (values[rows[2] == group] for values in rows)
    assert set(groups.tolist()) == {group}
    return Outcomes.of(np.bincount(2 * observed + predicted, minlength=4).reshape(2, 2))


def test_differences_of_error_rates(rows: Rows) -> None:
    observed, predicted, group = rows
    a, d = outcomes(rows, 0), outcomes(rows, 1)
    given = {"sensitive_features": group}
    assert equalized_odds_difference(a, d) == pytest.approx(
        fairlearn.equalized_odds_difference(observed, predicted, **given)
    )
    assert abs(equal_opportunity_difference(a, d)) == pytest.approx(
        fairlearn.equal_opportunity_difference(observed, predicted, **given)
    )


def test_the_average_of_the_odds(rows: Rows) -> None:
    observed, predicted, group = rows
    rates = {"fpr": fairlearn.false_positive_rate, "tpr": fairlearn.true_positive_rate}
    by_group = fairlearn.MetricFrame(
        metrics=rates, y_true=observed, y_pred=predicted, sensitive_features=group
    ).by_group
    expected = (by_group.loc[1] - by_group.loc[0]).mean()
    assert average_odds_difference(outcomes(rows, 0), outcomes(rows, 1)) == pytest.approx(expected)
