"""Every state is a commutative monoid, and survives JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring_core.dataset.batch import TypeCode
from monitoring_core.dataset.types import column_from_texts
from monitoring_core.monitors.data_quality import ColumnProfile, DataProfile
from monitoring_core.monitors.model_quality.probabilities import Probabilities
from monitoring_core.monitors.segments import Segments
from monitoring_core.stats.attribution import Attributions
from monitoring_core.stats.calibration_bins import CalibrationBins
from monitoring_core.stats.co_moments import CoMoments
from monitoring_core.stats.confusion import Confusion
from monitoring_core.stats.distinct import Distinct, hash_numbers
from monitoring_core.stats.error_moments import ErrorMoments
from monitoring_core.stats.grid_counts import GridCounts
from monitoring_core.stats.group_tally import GroupTally, Levels
from monitoring_core.stats.histogram import Histogram
from monitoring_core.stats.keyed import Keyed
from monitoring_core.stats.kll import KllSketch
from monitoring_core.stats.mergeable import merge_all
from monitoring_core.stats.moments import Moments
from monitoring_core.stats.quantiles import Quantiles
from monitoring_core.stats.reservoir import Reservoir
from monitoring_core.stats.row_sample import RowSample
from monitoring_core.stats.shape import Shape
from monitoring_core.stats.share import Share
from monitoring_core.stats.sums import Sums
from monitoring_core.stats.tally import Tally
from monitoring_core.stats.type_counts import TypeCounts
from monitoring_core.stats.vector_moments import VectorMoments
from monitoring_core.stats.vocabulary import Vocabulary
from monitoring_core.stats.within import Within
from tests.laws.strategies import CUTS, NUMBERS, TEXTS, close

EDGES = np.array([-3.0, 0.0, 0.5, 4.0])
SMALL = st.floats(-100, 100).map(lambda value: round(value, 3))
GAPPY = st.one_of(SMALL, st.just(float("nan")))
KNOWN = frozenset({"a", "1"})
SCORED = st.tuples(st.floats(0, 1).map(lambda value: round(value, 3)), st.booleans())


@dataclass(frozen=True)
class Law:
    """How to make a state of values, its empty element, and how it goes through JSON."""

    values: st.SearchStrategy[Any]
    make: Callable[[list[Any]], Any]
    empty: Any
    decode: Callable[[Any], Any]
    encode: Callable[[Any], Any] = lambda state: state.to_dict()


def profile(texts: list[str | None]) -> ColumnProfile:
    return ColumnProfile.of(column_from_texts(texts), EDGES, KNOWN)


def grid(capacity: int | None) -> Callable[[list[tuple[float, bool]]], GridCounts]:
    return lambda v: GridCounts.of(*arrays(v), 2, capacity=capacity)


def arrays(rows: list[tuple[float, bool]]) -> tuple[Any, Any]:
    return np.array([number for number, _ in rows], dtype=float), np.array([flag for _, flag in rows], dtype=bool)


def segments(values: list[str]) -> Segments[Sums]:
    counts = {
        f"x={value}": Sums(values.count(value), {"n": float(values.count(value))}) for value in sorted(set(values))
    }
    return Segments(Sums(len(values), {"n": float(len(values))} if values else {}), Keyed(counts))


def levels(names: list[str]) -> Levels:
    places = sorted({"", *names})
    return Levels(np.array([places.index(name) for name in names], dtype=np.int64), places)


def group_tally(values: list[tuple[str, str, str, str]]) -> GroupTally:
    columns = [[value[place] for value in values] for place in range(4)]
    return GroupTally.of(*map(levels, columns))


def row_sample(values: list[tuple[float, int, str]]) -> RowSample:
    columns = {name: np.array([value[place] for value in values], dtype=float) for place, name in enumerate("xy")}
    return RowSample.of(5, columns, [levels([value[2] for value in values])])


def keyed(values: list[str]) -> Keyed[str, Tally]:
    return Keyed({key: Tally.of(v for v in values if v == key) for key in sorted(set(values))})


ALL_STATES = {
    "Moments": Law(NUMBERS, lambda v: Moments.of(np.array(v)), Moments(), decode=Moments.from_dict),
    "TypeCounts": Law(
        st.sampled_from(list(TypeCode)),
        lambda v: TypeCounts.of(np.array(v, dtype=np.uint8)),
        TypeCounts(),
        decode=TypeCounts.from_dict,
    ),
    "Histogram": Law(
        NUMBERS,
        lambda v: Histogram.of(np.sort(np.array(v, dtype=float)), EDGES),
        Histogram.of(np.empty(0), EDGES),
        decode=Histogram.from_dict,
    ),
    "Tally": Law(st.sampled_from("abc1"), lambda v: Tally.of(v, KNOWN), Tally(known=KNOWN), decode=Tally.from_dict),
    "Distinct": Law(st.text(max_size=2), Distinct.of_texts, Distinct(), decode=Distinct.from_dict),
    "KllSketch": Law(NUMBERS, lambda v: KllSketch.of(np.array(v)), KllSketch.of([]), decode=KllSketch.from_dict),
    "Quantiles": Law(
        NUMBERS, lambda v: Quantiles.of(np.sort(v)), Quantiles.of(np.empty(0)), decode=Quantiles.from_dict
    ),
    "Keyed": Law(
        st.sampled_from("abc"),
        keyed,
        Keyed(),
        encode=lambda state: state.to_dict(Tally.to_dict),
        decode=lambda data: Keyed.from_dict(data, Tally.from_dict),
    ),
    "ColumnProfile": Law(TEXTS, profile, ColumnProfile.empty(EDGES, KNOWN), decode=ColumnProfile.from_dict),
    "DataProfile": Law(
        TEXTS,
        lambda v: DataProfile(len(v), Keyed({"x": profile(v)})),
        DataProfile(),
        decode=DataProfile.from_dict,
    ),
    "Confusion": Law(
        st.tuples(st.sampled_from([0, 1, 2]), st.sampled_from([0, 1, 2])),
        lambda v: Confusion.of(("a", "b", "c"), *np.array(v, dtype=np.intp).reshape(-1, 2).T),
        Confusion(),
        decode=Confusion.from_dict,
    ),
    "GridCounts": Law(st.tuples(NUMBERS, st.booleans()), grid(6), GridCounts.empty(2, 6), decode=GridCounts.from_dict),
    "GridCounts, exact": Law(
        st.tuples(NUMBERS, st.booleans()), grid(None), GridCounts.empty(2, None), decode=GridCounts.from_dict
    ),
    "CalibrationBins": Law(
        SCORED, lambda v: CalibrationBins.of(*arrays(v)), CalibrationBins.empty(), decode=CalibrationBins.from_dict
    ),
    "Probabilities": Law(
        SCORED, lambda v: Probabilities.of(*arrays(v)), Probabilities(), decode=Probabilities.from_dict
    ),
    "ErrorMoments": Law(
        st.tuples(st.floats(-3, 3), st.floats(-3, 3)),
        lambda v: ErrorMoments.of(*np.array(v, dtype=float).reshape(-1, 2).T),
        ErrorMoments(),
        decode=ErrorMoments.from_dict,
    ),
    "Shape": Law(SMALL, lambda v: Shape.of(np.array(v)), Shape(), decode=Shape.from_dict),
    "CoMoments": Law(
        st.tuples(GAPPY, GAPPY),
        lambda v: CoMoments.of(("a", "b"), np.array(v, dtype=float).reshape(-1, 2)),
        CoMoments.empty(("a", "b")),
        decode=CoMoments.from_dict,
    ),
    "VectorMoments": Law(
        st.tuples(SMALL, SMALL),
        lambda v: VectorMoments.of(np.array(v, dtype=float).reshape(-1, 2)),
        VectorMoments.empty(2),
        decode=VectorMoments.from_dict,
    ),
    "Reservoir": Law(
        st.integers(-8, 8),
        lambda v: Reservoir.of(hash_numbers(np.array(v, float)), np.array(v, float).reshape(-1, 1), capacity=5),
        Reservoir.empty(capacity=5, width=1),
        decode=Reservoir.from_dict,
    ),
    "GroupTally": Law(
        st.tuples(*[st.sampled_from(["a", "b", ""])] * 4), group_tally, GroupTally(), decode=GroupTally.from_dict
    ),
    "RowSample": Law(
        st.tuples(st.sampled_from([0.0, 1.0, 2.5, math.nan]), st.integers(-3, 3), st.sampled_from(["a", "d"])),
        row_sample,
        RowSample(5),
        decode=RowSample.from_dict,
    ),
    "Share": Law(st.booleans(), lambda v: Share(sum(v), len(v)), Share(), decode=Share.from_dict),
    "Within": Law(NUMBERS, lambda v: Within.of(np.array(v), -1.0, 2.0), Within(-1.0, 2.0), decode=Within.from_dict),
    "Sums": Law(
        st.integers(0, 9),
        lambda v: Sums(len(v), {"even": float(sum(x for x in v if x % 2 == 0))} if v else {}),
        Sums(),
        decode=Sums.from_dict,
    ),
    "Attributions": Law(
        st.tuples(SMALL, SMALL, SMALL),
        lambda v: Attributions.of(np.array(v, dtype=float).reshape(-1, 1, 3), keep=True),
        Attributions(),
        decode=Attributions.from_dict,
    ),
    "Vocabulary": Law(st.text("abc", max_size=2), Vocabulary.of, Vocabulary(), decode=Vocabulary.from_dict),
    "Segments": Law(
        st.sampled_from("abc"),
        segments,
        Segments(Sums()),
        decode=Segments(Sums()).from_dict,
    ),
}

each_state = pytest.mark.parametrize("law", ALL_STATES.values(), ids=ALL_STATES.keys())


@each_state
@settings(max_examples=60, deadline=None)
@given(data=st.data(), cuts=CUTS)
def test_the_whole_is_the_merge_of_its_parts(law: Law, data: st.DataObject, cuts: list[int]) -> None:
    values = data.draw(st.lists(law.values, max_size=60))
    places = [0, *sorted(min(cut, len(values)) for cut in cuts), len(values)]
    parts = [law.make(values[i:j]) for i, j in pairwise(places)]

    assert close(merge_all(parts, law.empty), law.make(values))


@each_state
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_merge_is_associative_and_commutative_with_an_identity(law: Law, data: st.DataObject) -> None:
    a, b, c = (law.make(data.draw(st.lists(law.values, max_size=30))) for _ in range(3))

    assert close(a.merge(b).merge(c), a.merge(b.merge(c)))
    assert close(a.merge(b), b.merge(a))
    assert close(a.merge(law.empty), a)
    assert close(law.empty.merge(a), a)


@each_state
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_json_round_trip(law: Law, data: st.DataObject) -> None:
    state = law.make(data.draw(st.lists(law.values, max_size=60)))

    text = json.dumps(law.encode(state))

    assert law.decode(json.loads(text)) == state


@each_state
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_merge_changes_neither_side(law: Law, data: st.DataObject) -> None:
    a, b = (law.make(data.draw(st.lists(law.values, min_size=1, max_size=30))) for _ in range(2))
    before = [json.dumps(law.encode(state)) for state in (a, b)]

    a.merge(b)

    assert [json.dumps(law.encode(state)) for state in (a, b)] == before
