"""Every monitor: profiling the whole is merging the profiles of its parts, and verdicts behave."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring_core.checks.evaluation import Outcome
from monitoring_core.dataset import Batch
from monitoring_core.monitors.base import evaluate, fit, profile
from monitoring_core.monitors.data_quality import DataQuality
from tests.laws.strategies import CUTS, TEXTS, batches_of, close

ALL_MONITORS = {"data-quality": DataQuality(), "data-quality as Amazon": DataQuality(compat=True)}

each_monitor = pytest.mark.parametrize("monitor", ALL_MONITORS.values(), ids=ALL_MONITORS.keys())


def table(rows: int, seed: int, *, shift: float = 0.0) -> dict[str, list[str | None]]:
    random = np.random.default_rng(seed)
    return {
        "number": [f"{value:.4f}" for value in random.normal(shift, 1, rows)],
        "count": [str(value) for value in random.poisson(3 + 3 * shift, rows)],
        "class": [str(value) for value in random.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1])],
    }


REFERENCE = batches_of(table(300, 99), [100])


@each_monitor
@settings(max_examples=40, deadline=None)
@given(data=st.data(), size=st.integers(0, 80), cuts=CUTS, against_reference=st.booleans())
def test_profiling_is_a_homomorphism(
    monitor: DataQuality, data: st.DataObject, size: int, cuts: list[int], against_reference: bool
) -> None:
    columns = {name: data.draw(st.lists(TEXTS, min_size=size, max_size=size)) for name in ("number", "count", "class")}
    reference = fit(monitor, REFERENCE).state if against_reference else None

    whole = profile(monitor, batches_of(columns, []), reference)
    parts = profile(monitor, batches_of(columns, cuts), reference)

    assert close(whole, parts)
    assert close(whole.merge(monitor.empty(reference)), whole)


@each_monitor
@settings(max_examples=10, deadline=None)
@given(cuts=CUTS)
def test_the_verdict_does_not_depend_on_how_the_rows_were_split(monitor: DataQuality, cuts: list[int]) -> None:
    baseline = fit(monitor, REFERENCE)
    window = table(150, 3, shift=0.4)
    uncut: list[int] = []

    whole, parts = (evaluate(monitor, batches_of(window, places), baseline) for places in (uncut, cuts))

    assert [(c.constraint, c.outcome) for c in whole.checks] == [(c.constraint, c.outcome) for c in parts.checks]
    assert all(close(x.value, y.value) for x, y in zip(whole.measurements, parts.measurements, strict=True))


@each_monitor
def test_quiet_on_the_same_population_loud_on_another(monitor: DataQuality) -> None:
    baseline = fit(monitor, batches_of(table(4000, 0), [1000, 2500]))

    assert evaluate(monitor, batches_of(table(4000, 1), [7]), baseline).outcome is Outcome.PASSED
    assert evaluate(monitor, batches_of(table(4000, 2, shift=1.5), []), baseline).outcome is Outcome.VIOLATED


@each_monitor
def test_no_rows_are_not_healthy(monitor: DataQuality) -> None:
    baseline = fit(monitor, REFERENCE)
    no_batch: list[Batch] = []

    for nothing in (no_batch, batches_of(table(0, 0), [])):
        evaluation = evaluate(monitor, nothing, baseline)
        assert evaluation.outcome is Outcome.NOT_EVALUATED
        assert all(check.reason for check in evaluation.checks)
