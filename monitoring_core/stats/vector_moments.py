"""VectorMoments: mean and spread of vectors, such as embeddings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from monitoring_core.errors import IncompatibleStatesError


@dataclass(frozen=True, slots=True, eq=False)
class VectorMoments:  # noqa: PLW1641 - arrays have no hash
    """Count, mean and second central moment of each dimension; ``VectorMoments.empty(d)`` is empty.

    Attributes
    ----------
    count : int
        Vectors.
    mean : ndarray of float64, shape (d,)
        The centroid; zeros when empty.
    squares : ndarray of float64, shape (d,)
        Second central moment of each dimension.

    Examples
    --------
    >>> both = VectorMoments.of(np.array([[1.0, 0.0]])).merge(VectorMoments.of(np.array([[3.0, 0.0]])))
    >>> both.count, both.mean.tolist(), both.squares.tolist()
    (2, [2.0, 0.0], [2.0, 0.0])
    """

    count: int
    mean: NDArray[np.float64]
    squares: NDArray[np.float64]

    @classmethod
    def empty(cls, dimensions: int) -> Self:
        """Moments of no vectors."""
        return cls(0, np.zeros(dimensions), np.zeros(dimensions))

    @classmethod
    def of(cls, vectors: NDArray[np.float64]) -> Self:
        """Moments of vectors, shape (n, d), without ``nan``."""
        if not len(vectors):
            return cls.empty(vectors.shape[1])
        mean = vectors.mean(axis=0)
        return cls(len(vectors), mean, np.square(vectors - mean).sum(axis=0))

    def merge(self, other: Self, /) -> Self:
        """Return the moments of both sides' vectors together.

        Raises
        ------
        IncompatibleStatesError
            If the numbers of dimensions differ.
        """
        if self.mean.size != other.mean.size:
            raise IncompatibleStatesError(
                "vectors have different lengths", expected=self.mean.size, got=other.mean.size
            )
        if not self.count or not other.count:
            return self if self.count else other
        count = self.count + other.count
        delta = other.mean - self.mean
        return type(self)(
            count,
            self.mean + delta * (other.count / count),
            self.squares + other.squares + np.square(delta) * (self.count * other.count / count),
        )

    @property
    def variance(self) -> NDArray[np.float64]:
        """Population variance of each dimension; ``nan`` when empty."""
        return self.squares / self.count if self.count else np.full(self.mean.size, math.nan)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, VectorMoments)
            and self.count == other.count
            and np.array_equal(self.mean, other.mean)
            and np.array_equal(self.squares, other.squares)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"count": self.count, "mean": self.mean.tolist(), "squares": self.squares.tolist()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(data["count"], np.array(data["mean"], dtype=float), np.array(data["squares"], dtype=float))
