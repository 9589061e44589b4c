"""Measures of quality: in range, the same for twice the rows, undefined without rows, one value per resample."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring_core.measures import classification as of
from monitoring_core.measures.classification import ClassCounts, Outcomes
from monitoring_core.measures.ranking import area_resolution, area_under_roc, average_precision

Table = Any
"""Counts, shape (..., n, 2): rows by score (ascending), or by class, and by whether positive, or right."""


@dataclass(frozen=True)
class Quality:
    """A number from a table of counts, and the number for a perfect one."""

    of: Callable[[Table], Any]
    best: float
    upper: float = 1.0


def outcomes(measure: Callable[[Outcomes], Any]) -> Callable[[Table], Any]:
    """The upper half of the scores is predicted positive."""

    def value(table: Table) -> Any:
        half = table.shape[-2] // 2
        low, high = table[..., :half, :].sum(axis=-2), table[..., half:, :].sum(axis=-2)
        return measure(Outcomes(high[..., 1], high[..., 0], low[..., 1], low[..., 0]))

    return value


def classes(measure: Callable[[ClassCounts], Any]) -> Callable[[Table], Any]:
    """What is wrong in one class is predicted to be the next."""

    def value(table: Table) -> Any:
        wrong, right = table[..., 0], table[..., 1]
        return measure(ClassCounts(right, right + wrong, right + np.roll(wrong, 1, axis=-1)))

    return value


def scores(measure: Callable[[Any, Any], Any]) -> Callable[[Table], Any]:
    return lambda table: measure(table[..., 0], table[..., 1])


RANKED = {
    "accuracy": Quality(outcomes(of.accuracy), 1.0),
    "precision": Quality(outcomes(of.precision), 1.0),
    "recall": Quality(outcomes(of.recall), 1.0),
    "true_negative_rate": Quality(outcomes(of.true_negative_rate), 1.0),
    "false_positive_rate": Quality(outcomes(of.false_positive_rate), 0.0),
    "false_negative_rate": Quality(outcomes(of.false_negative_rate), 0.0),
    "f0_5": Quality(outcomes(partial(of.f_score, beta=0.5)), 1.0),
    "f2": Quality(outcomes(partial(of.f_score, beta=2.0)), 1.0),
    "auc": Quality(scores(area_under_roc), 1.0),
    "auc resolution": Quality(scores(area_resolution), 0.0, upper=0.5),
    "average_precision": Quality(scores(average_precision), 1.0),
}
WEIGHTED = {
    "class accuracy": Quality(classes(of.class_accuracy), 1.0),
    "weighted_recall": Quality(classes(of.weighted_recall), 1.0),
    "weighted_precision": Quality(classes(of.weighted_precision), 1.0),
    "weighted_f1": Quality(classes(partial(of.weighted_f_score, beta=1.0)), 1.0),
}
ALL_QUALITIES = RANKED | WEIGHTED

TABLES = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=4, max_size=4).map(
    lambda rows: np.array(rows, dtype=float)
)

each = pytest.mark.parametrize("quality", ALL_QUALITIES.values(), ids=ALL_QUALITIES.keys())


@each
@settings(max_examples=60, deadline=None)
@given(table=TABLES)
def test_in_its_range_or_undefined(quality: Quality, table: Table) -> None:
    value = quality.of(table).item()

    assert math.isnan(value) or -1e-12 <= value <= quality.upper + 1e-12


@each
@settings(max_examples=60, deadline=None)
@given(table=TABLES, factor=st.integers(2, 9))
def test_the_same_rows_several_times_give_the_same_value(quality: Quality, table: Table, factor: int) -> None:
    assert quality.of(table * factor).item() == pytest.approx(quality.of(table).item(), nan_ok=True)


@each
@settings(max_examples=30, deadline=None)
@given(tables=st.lists(TABLES, min_size=1, max_size=5))
def test_many_tables_at_once_give_the_values_of_each(quality: Quality, tables: list[Table]) -> None:
    together = quality.of(np.stack(tables))

    assert together.tolist() == pytest.approx([quality.of(table).item() for table in tables], nan_ok=True)


@each
def test_without_rows_undefined(quality: Quality) -> None:
    assert math.isnan(quality.of(np.zeros((4, 2))).item())


@pytest.mark.parametrize("quality", RANKED.values(), ids=RANKED.keys())
def test_scores_that_separate_are_best(quality: Quality) -> None:
    assert quality.of(np.array([[3.0, 0], [4, 0], [0, 2], [0, 1]])).item() == quality.best


@pytest.mark.parametrize("quality", WEIGHTED.values(), ids=WEIGHTED.keys())
def test_classes_that_are_all_right_are_best(quality: Quality) -> None:
    assert quality.of(np.array([[0.0, 3], [0, 4], [0, 2], [0, 1]])).item() == quality.best


@settings(max_examples=60, deadline=None)
@given(table=TABLES)
def test_reversed_scores_have_the_complement_of_the_area(table: Table) -> None:
    area, mirrored = (area_under_roc(rows[:, 0], rows[:, 1]).item() for rows in (table, table[::-1]))

    assert area == pytest.approx(1 - mirrored, nan_ok=True)


@settings(max_examples=60, deadline=None)
@given(table=TABLES)
def test_joining_scores_moves_the_area_by_no_more_than_it_says(table: Table) -> None:
    joined = table.reshape(2, 2, 2).sum(axis=1)
    if (table.sum(axis=0) == 0).any():
        return

    moved = abs(area_under_roc(joined[:, 0], joined[:, 1]) - area_under_roc(table[:, 0], table[:, 1]))

    assert moved <= area_resolution(joined[:, 0], joined[:, 1]) + 1e-12
