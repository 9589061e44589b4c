"""The default distance is the correct one; parity with Amazon is a choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from monitoring_core.checks.evaluation import Outcome
from monitoring_core.dataset import Batch
from monitoring_core.monitors.base import evaluate, fit
from monitoring_core.monitors.data_quality import DataQuality

if TYPE_CHECKING:
    from tests.unit.monitors.conftest import Table


def drift_outcome(monitor: DataQuality, baseline: Batch, window: Batch, column: str) -> Outcome:
    checks = evaluate(monitor, [window], fit(monitor, [baseline])).checks
    return next(
        c.outcome
        for c in checks
        if c.constraint.check_type == "baseline_drift_check" and c.constraint.subject.column == column
    )


def test_drift_of_a_binary_column_is_found_though_amazon_misses_it(table: Table) -> None:
    baseline, window = table(flag=[0, 1] * 1000), table(flag=[0, 0, 0, 1] * 500)

    assert drift_outcome(DataQuality(), baseline, window, "flag") is Outcome.VIOLATED
    assert drift_outcome(DataQuality(compat=True), baseline, window, "flag") is Outcome.PASSED


@pytest.mark.parametrize("compat", [False, True])
def test_continuous_drift_is_found_either_way(table: Table, compat: bool) -> None:
    random = np.random.default_rng(0)
    baseline, window = (table(x=random.normal(mean, 1, 3000)) for mean in (0, 0.5))

    assert drift_outcome(DataQuality(compat=compat), baseline, window, "x") is Outcome.VIOLATED


@pytest.mark.parametrize("seed", range(5))
def test_equal_distributions_do_not_drift(table: Table, seed: int) -> None:
    random = np.random.default_rng(seed)

    def rows(n: int) -> Batch:
        return table(
            normal=random.normal(size=n),
            count=random.poisson(2, n),
            flag=random.integers(0, 2, n),
            kind=random.choice(list("abcdef"), n),
        )

    baseline, window = rows(6000), rows(700)
    for column in baseline.columns:
        assert drift_outcome(DataQuality(), baseline, window, column) is Outcome.PASSED


def test_new_categories_count_together(table: Table) -> None:
    baseline = table(city=["Oslo", "Bergen"] * 2000)
    window = table(city=["Oslo", "Bergen"] * 1500 + [f"c{i}" for i in range(1000)])

    assert drift_outcome(DataQuality(), baseline, window, "city") is Outcome.VIOLATED


def test_free_text_is_not_compared(table: Table) -> None:
    baseline, window = (table(text=[f"{name} {i}" for i in range(3000)]) for name in ("a", "b"))

    assert drift_outcome(DataQuality(), baseline, window, "text") is Outcome.NOT_EVALUATED


def test_a_constant_column_can_drift_and_can_stay(table: Table) -> None:
    baseline = table(x=[5] * 500)

    assert drift_outcome(DataQuality(), baseline, table(x=[5] * 500), "x") is Outcome.PASSED
    assert drift_outcome(DataQuality(), baseline, table(x=[6] * 500), "x") is Outcome.VIOLATED


def test_whole_numbers_are_compared_with_fractions_unless_parity_is_wanted(table: Table) -> None:
    baseline, window = table(x=[0.5, 1.5] * 500), table(x=[40, 50] * 500)

    assert drift_outcome(DataQuality(), baseline, window, "x") is Outcome.VIOLATED
    assert drift_outcome(DataQuality(compat=True), baseline, window, "x") is Outcome.NOT_EVALUATED


def test_effect_sizes_are_reported_beside_the_verdict(table: Table) -> None:
    monitor = DataQuality()
    baseline = fit(monitor, [table(x=range(1000), kind=["a", "b"] * 500)])

    evaluation = evaluate(monitor, [table(x=range(500, 1500), kind=["a"] * 1000)], baseline)

    values = {(m.subject.column, m.metric): m.value for m in evaluation.measurements}
    assert values["x", "ks"] == 0.5
    assert values["kind", "l_infinity"] == 0.5
    assert values["x", "psi"] > 1
    assert 0 < values["x", "js"] < 1
    assert values["x", "distance"] == pytest.approx(0.5 - 1.8 * (2 / 1000) ** 0.5)
