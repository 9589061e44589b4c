"""Repetitions, however the events are split and in whatever order they come."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring_core.dataset.repetitions import CAPACITY, Repetitions
from monitoring_core.engines.partial import Partial, merge_partials

Ids = list[str]
few = st.lists(st.sampled_from("abcdefgh"))
many = st.builds(lambda n, every: [str(i % every) for i in range(n)], st.integers(0, 3000), st.integers(1, 2500))
ids = st.one_of(few, st.lists(st.text()), many)


def seen(*parts: Ids) -> Repetitions:
    found = Repetitions()
    for part in parts:
        found.add(part)
    return found


@given(ids, ids, ids)
def test_merging_is_associative_and_commutative_and_knows_nothing(one: Ids, two: Ids, three: Ids) -> None:
    a, b, c = seen(one), seen(two), seen(three)
    assert a.merge(b) == b.merge(a)
    assert a.merge(b).merge(c) == a.merge(b.merge(c))
    assert a.merge(Repetitions()) == a


@given(ids, st.lists(st.integers(0, 3000), max_size=4), st.randoms(use_true_random=False))
def test_neither_the_split_nor_the_order_matters(events: Ids, cuts: list[int], random: Random) -> None:
    whole = seen(events)
    shuffled = sorted(events, key=lambda _: random.random())
    bounds = [0, *sorted(cuts), len(events)]
    parts: Iterable[Ids] = [shuffled[i:j] for i, j in pairwise(bounds)]
    assert seen(*parts) == seen(shuffled) == whole
    handed_over = [Partial.load(Partial({}, repetitions=seen(part)).dump()) for part in parts]
    assert merge_partials({}, handed_over).repetitions == whole


@given(ids)
def test_the_share_is_exact_up_to_the_capacity(events: Ids) -> None:
    different = len(set(events))
    if events and different <= CAPACITY:
        assert seen(events).share == pytest.approx(1 - different / len(events))


@given(st.integers(CAPACITY, 20_000), st.integers(1, 3))
def test_what_is_played_back_as_a_whole_is_seen_beyond_the_capacity(n: int, times: int) -> None:
    events = [f"event-{i}" for i in range(n)]
    assert seen(*[events] * times).share == pytest.approx(1 - 1 / times)


def test_half_of_a_capture_played_back_is_a_third_of_its_events() -> None:
    events = [f"event-{i}" for i in range(50_000)]
    assert seen(events, events[::2]).share == pytest.approx(1 / 3, abs=0.04)
