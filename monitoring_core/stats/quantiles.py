"""Quantiles: a bounded picture of how numbers are distributed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from monitoring_core.stats.mergeable import Mergeable

Floats = NDArray[np.float64]
Heights = NDArray[np.int8]

SIZE: Final = 2048
"""Items that one sorted array becomes, or that a compaction leaves, at most; fewer values are all kept."""
CAPACITY: Final = 2 * SIZE
"""Items held at most."""


class Sketch(Mergeable, Protocol):
    """Numbers in bounded space: items, each of which stands for a power of two of them."""

    @property
    def items(self) -> Floats:
        """All items, those of the lowest weight first."""
        ...

    @property
    def weights(self) -> NDArray[np.int64]:
        """How many values each of `items` stands for."""
        ...

    @property
    def levels(self) -> tuple[Floats, ...]:
        """Items by weight: those at position h stand for ``2**h`` values each."""
        ...

    @property
    def count(self) -> int:
        """Number of values, exactly."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Quantiles:  # noqa: PLW1641 - arrays have no hash
    """Quantile sketch made of sorted arrays; ``Quantiles.of(np.empty(0))`` is empty.

    A sorted array is cut into blocks of equal size, and the item in the middle of a block stands for it:
    a rank is wrong by half a block, less than 0.05 % of the values. Merging puts the items of both sides
    together; only when they are too many are those of the lowest weights sorted and every other one taken for
    twice the weight, as in a KLL sketch [1]_. So most merges cost two small copies. The items then depend on the
    order of merging, while counts never do and ranks differ by less than 1 % of the values: good enough to
    choose edges and to draw pictures. Decisions rest on a `Histogram`.

    Attributes
    ----------
    values : ndarray of float64
        In any order.
    heights : ndarray of int8
        The value at the same position stands for ``2**height`` values.
    compactions : int
        Compactions so far, which take turns in whether they keep the first or the second of each pair.

    References
    ----------
    .. [1] Karnin, Lang & Liberty (2016), Optimal quantile approximation in streams, FOCS.

    Examples
    --------
    >>> few = Quantiles.of(np.array([1.0, 2.0])).merge(Quantiles.of(np.array([0.0])))
    >>> few.items.tolist(), few.count
    ([1.0, 2.0, 0.0], 3)
    >>> many = Quantiles.of(np.arange(100_001.0))
    >>> [level.size for level in many.levels], many.count
    ([1, 0, 0, 0, 0, 1, 1562], 100001)
    """

    values: Floats
    heights: Heights
    compactions: int = 0

    @classmethod
    def of(cls, ordered: Floats) -> Self:
        """Sketch of sorted values."""
        height = max(0, ordered.size.bit_length() - SIZE.bit_length() + 1)
        block, start = 1 << height, (ordered.size >> height) << height
        values, heights = [ordered[block // 2 : start : block]], [height] * (start >> height)
        for lower in range(height - 1, -1, -1):  # the values that fill no block, in smaller ones
            if ordered.size >> lower & 1:
                values.append(ordered[start + (1 << lower) // 2, None])
                heights.append(lower)
                start += 1 << lower
        return cls(np.concatenate(values), np.array(heights, np.int8))

    def merge(self, other: Self, /) -> Self:
        """Return the sketch of both sides' values."""
        values, heights = np.concatenate((self.values, other.values)), np.concatenate((self.heights, other.heights))
        compactions = self.compactions + other.compactions
        if values.size <= CAPACITY:
            return type(self)(values, heights, compactions)
        return type(self)(*_compact(values, heights, compactions), compactions + 1)

    @property
    def items(self) -> Floats:
        """All items, those of the lowest weight first."""
        return np.concatenate(self.levels)

    @property
    def weights(self) -> NDArray[np.int64]:
        """How many values each of `items` stands for."""
        return np.int64(1) << np.sort(self.heights).astype(np.int64)

    @property
    def levels(self) -> tuple[Floats, ...]:
        """Items by weight: those at position h stand for ``2**h`` values each."""
        return tuple(_by_height(self.values, self.heights))

    @property
    def count(self) -> int:
        """Number of values, exactly."""
        return int(self.weights.sum())

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Quantiles)
            and self.compactions == other.compactions
            and np.array_equal(self.values, other.values)
            and np.array_equal(self.heights, other.heights)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "values": self.values.tolist(),
            "heights": self.heights.tolist(),
            "compactions": self.compactions,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(
            np.asarray(data["values"], dtype=np.float64),
            np.asarray(data["heights"], dtype=np.int8),
            data["compactions"],
        )


def _compact(values: Floats, heights: Heights, turn: int) -> tuple[Floats, Heights]:
    levels = _by_height(values, heights)
    excess, height = values.size - SIZE, 0
    while excess > 0:
        level = np.sort(levels[height], kind="stable")  # made of sorted runs, which this sort only merges
        pairs = level.size // 2 * 2
        kept = level[(turn + height) % 2 : pairs : 2]
        levels[height] = level[pairs:]
        levels[height + 1 : height + 2] = [np.concatenate((*levels[height + 1 : height + 2], kept))]
        excess -= kept.size
        height += 1
    return np.concatenate(levels), np.repeat(np.arange(len(levels), dtype=np.int8), [level.size for level in levels])


def _by_height(values: Floats, heights: Heights) -> list[Floats]:
    ends = np.cumsum(np.bincount(heights))
    return np.split(values[np.argsort(heights, kind="stable")], ends[:-1])
