"""Every state is a commutative monoid, and survives JSON."""

from __future__ import annotations

import json
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
from monitoring_core.stats.distinct import Distinct
from monitoring_core.stats.histogram import Histogram
from monitoring_core.stats.keyed import Keyed
from monitoring_core.stats.kll import KllSketch
from monitoring_core.stats.mergeable import merge_all
from monitoring_core.stats.moments import Moments
from monitoring_core.stats.tally import Tally
from monitoring_core.stats.type_counts import TypeCounts
from tests.laws.strategies import CUTS, NUMBERS, TEXTS, close

EDGES = np.array([-3.0, 0.0, 0.5, 4.0])
KNOWN = frozenset({"a", "1"})


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
