"""CoMoments: how columns vary together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from monitoring_core.errors import IncompatibleStatesError

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class CoMoments:  # noqa: PLW1641 - arrays have no hash
    r"""Counts, means and central (co-)moments of every pair of columns; ``CoMoments.empty(names)`` is empty.

    A pair counts on the rows where both of its columns are present. Parts merge by the pairwise update [1]_:

    .. math:: C_{ij} = C^a_{ij} + C^b_{ij} + \delta_i \delta_j \frac{n_a n_b}{n_a + n_b}

    Attributes
    ----------
    names : tuple of str
        The d columns.
    counts : ndarray of int64, shape (d, d)
        Rows where both columns are present.
    means : ndarray of float64, shape (d, d)
        Mean of column i on the rows where column j is present, too.
    squares : ndarray of float64, shape (d, d)
        Second central moment of column i on those rows.
    products : ndarray of float64, shape (d, d)
        Central product of columns i and j on those rows.

    References
    ----------
    .. [1] Pebay (2008), Formulas for robust, one-pass parallel computation of covariances, SAND2008-6212.

    Examples
    --------
    >>> whole = CoMoments.of(("a", "b"), np.array([[1.0, 4.0], [2.0, np.nan], [3.0, 8.0]]))
    >>> whole.counts.tolist(), whole.means.tolist(), whole.products[0, 1].item()
    ([[3, 2], [2, 2]], [[2.0, 2.0], [6.0, 6.0]], 4.0)
    """

    names: tuple[str, ...]
    counts: NDArray[np.int64]
    means: Matrix
    squares: Matrix
    products: Matrix

    @classmethod
    def empty(cls, names: tuple[str, ...]) -> Self:
        """Co-moments of no rows."""
        shape = (len(names), len(names))
        return cls(names, np.zeros(shape, dtype=np.int64), np.zeros(shape), np.zeros(shape), np.zeros(shape))

    @classmethod
    def of(cls, names: tuple[str, ...], rows: Matrix) -> Self:
        """Co-moments of rows, shape (n_rows, d); ``nan`` is missing."""
        present = ~np.isnan(rows)
        if not present.any():
            return cls.empty(names)
        held = present.astype(np.float64)
        centre = np.where(present, rows, 0.0).sum(axis=0) / np.maximum(held.sum(axis=0), 1)
        x = np.where(present, rows - centre, 0.0)
        counts = held.T @ held
        at_least_one = np.maximum(counts, 1)
        sums = x.T @ held
        squares = np.maximum(np.square(x).T @ held - np.square(sums) / at_least_one, 0.0)
        products = x.T @ x - sums * sums.T / at_least_one
        means = np.where(counts > 0, sums / at_least_one + centre[:, None], 0.0)
        return cls(names, counts.astype(np.int64), means, squares, products)

    def merge(self, other: Self, /) -> Self:
        """Return the co-moments of both sides' rows together.

        Raises
        ------
        IncompatibleStatesError
            If the columns differ.
        """
        if self.names != other.names:
            raise IncompatibleStatesError("co-moments are of different columns", expected=self.names, got=other.names)
        counts = self.counts + other.counts
        at_least_one = np.maximum(counts, 1)
        delta = np.where((self.counts > 0) & (other.counts > 0), other.means - self.means, 0.0)
        weight = self.counts * (other.counts / at_least_one)
        mixed = self.means + delta * (other.counts / at_least_one)
        means = np.where(self.counts == 0, other.means, np.where(other.counts == 0, self.means, mixed))
        return type(self)(
            self.names,
            counts,
            means,
            self.squares + other.squares + delta**2 * weight,
            self.products + other.products + delta * delta.T * weight,
        )

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, CoMoments)
            and self.names == other.names
            and all(
                np.array_equal(getattr(self, part), getattr(other, part))
                for part in ("counts", "means", "squares", "products")
            )
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "names": list(self.names),
            "counts": self.counts.tolist(),
            "means": self.means.tolist(),
            "squares": self.squares.tolist(),
            "products": self.products.tolist(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        names = tuple(data["names"])
        shape = (len(names), len(names))
        return cls(
            names,
            np.array(data["counts"], dtype=np.int64).reshape(shape),
            *(np.array(data[part], dtype=np.float64).reshape(shape) for part in ("means", "squares", "products")),
        )
