from __future__ import annotations

import pytest

from monitoring_core.errors import IncompatibleStatesError
from monitoring_core.stats.tally import CAPACITY, Tally


def ids(start: int, stop: int) -> list[str]:
    return [f"id{number}" for number in range(start, stop)]


def test_counts_are_listed_up_to_the_capacity() -> None:
    assert len(Tally.of(ids(0, CAPACITY)).counts) == CAPACITY
    assert Tally.of(ids(0, CAPACITY + 1)).counts == {}
    assert Tally.of(ids(0, CAPACITY + 1)).other == CAPACITY + 1


def test_overflow_does_not_depend_on_the_order_of_merging() -> None:
    known = frozenset({"id1", "id9999"})
    parts = [Tally.of(ids(0, 1500), known), Tally.of(ids(1000, 2500), known), Tally.of(ids(2400, 2600), known)]
    a, b, c = parts
    whole = Tally.of(ids(0, 1500) + ids(1000, 2500) + ids(2400, 2600), known)

    assert a.merge(b).merge(c) == a.merge(b.merge(c)) == c.merge(a).merge(b) == whole
    assert dict(whole.counts) == {"id1": 1}
    assert whole.total == 1500 + 1500 + 200


def test_tallies_with_other_known_categories_do_not_merge() -> None:
    with pytest.raises(IncompatibleStatesError, match="1 known, got 0 known; rebuild both"):
        Tally.of("a", frozenset("a")).merge(Tally.of("a"))
