"""Confusion: rows by actual and predicted class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from monitoring_core.errors import DataError

MAX_PAIRS: Final = 250_000
"""Pairs of an actual and a predicted class; more are no classes but numbers, or identifiers."""

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Confusion:
    """Exact counts by (actual, predicted); ``Confusion()`` is empty.

    Examples
    --------
    >>> state = Confusion.of(["cat", "dog"], np.array([0, 0, 1]), np.array([0, 1, 1]))
    >>> state.counts[("cat", "dog")], state.merge(state).total
    (1, 6)
    >>> state.matrix(["cat", "dog"]).tolist()
    [[1, 1], [0, 1]]
    """

    counts: Mapping[Pair, int] = field(default_factory=dict)

    @classmethod
    def of(cls, classes: Sequence[str], actual: NDArray[np.integer[Any]], predicted: NDArray[np.integer[Any]]) -> Self:
        """Count rows, each with the positions of its actual and its predicted class in `classes`."""
        pairs, times = np.unique(actual.astype(np.int64) * len(classes) + predicted, return_counts=True)
        _check_size(pairs.size)
        named = ((classes[pair // len(classes)], classes[pair % len(classes)]) for pair in pairs.tolist())
        return cls(dict(zip(named, times.tolist(), strict=True)))

    def merge(self, other: Self, /) -> Self:
        """Return the sum of both sides.

        Raises
        ------
        DataError
            If there are too many pairs to be classes.
        """
        summed = dict(self.counts)
        for pair, count in other.counts.items():
            summed[pair] = summed.get(pair, 0) + count
        _check_size(len(summed))
        return type(self)(summed)

    @property
    def total(self) -> int:
        """Rows counted."""
        return sum(self.counts.values())

    @property
    def actual(self) -> tuple[str, ...]:
        """Classes that occur as actual ones: numbers in their order, then texts in theirs."""
        return in_order({actual for actual, _ in self.counts})

    @property
    def classes(self) -> tuple[str, ...]:
        """Classes that occur, actual or predicted."""
        return in_order({label for pair in self.counts for label in pair})

    def matrix(self, classes: Sequence[str]) -> NDArray[np.int64]:
        """Return the counts as a matrix: row by actual, column by predicted class."""
        counts = [[self.counts.get((actual, predicted), 0) for predicted in classes] for actual in classes]
        return np.array(counts, dtype=np.int64).reshape(len(classes), len(classes))

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"pairs": [[*pair, count] for pair, count in sorted(self.counts.items())]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls({(actual, predicted): count for actual, predicted, count in data["pairs"]})


def in_order(labels: set[str]) -> tuple[str, ...]:
    """Sort labels: numbers by value, then texts.

    Examples
    --------
    >>> in_order({"10", "9", "b", "a"})
    ('9', '10', 'a', 'b')
    """
    return tuple(sorted(labels, key=_sort_key))


def _sort_key(label: str) -> tuple[bool, float, str]:
    try:
        return False, float(label), label
    except ValueError:
        return True, 0.0, label


def _check_size(pairs: int) -> None:
    if pairs > MAX_PAIRS:
        raise DataError(
            f"more than {MAX_PAIRS} pairs of an actual and a predicted class; classes repeat, so these columns hold "
            "numbers or identifiers: check the attributes of label and prediction, or analyse a Regression"
        )
