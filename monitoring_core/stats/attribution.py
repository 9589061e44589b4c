"""Attributions: what the local attributions of many rows add up to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from monitoring_core.errors import IncompatibleStatesError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Attributions:  # noqa: PLW1641 - arrays have no hash
    r"""Rows, and sums of :math:`|\phi|` and of its products; ``Attributions()`` is empty.

    The products say how far the means may be off by chance. Sums agree to rounding however the rows are split.

    Attributes
    ----------
    rows : int
        Rows explained.
    unexplained : int
        Rows that could not be: an unreadable value, or a score that is no number.
    total : ndarray, shape (n_outputs, n_features)
    products : ndarray, shape (n_outputs, n_features, n_features)
    ordered : ndarray, shape (n_rows or 0, n_outputs, n_features)
        All local values, each feature's in ascending order, where a median is asked for: it cannot be summed.
        This part grows with the rows.

    Examples
    --------
    >>> left = Attributions.of(np.array([[[1.0, -2.0]], [[-3.0, 0.0]]]))
    >>> left.mean().tolist(), left.mean_square().tolist()
    ([[2.0, 1.0]], [[5.0, 2.0]])
    >>> both = left.merge(Attributions.of(np.array([[[5.0, 4.0]]])))
    >>> both.rows, both.mean().tolist(), Attributions().merge(both).rows
    (3, [[3.0, 2.0]], 3)
    """

    rows: int = 0
    unexplained: int = 0
    total: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    products: Floats = field(default_factory=lambda: np.zeros((0, 0, 0)))
    ordered: Floats = field(default_factory=lambda: np.zeros((0, 0, 0)))

    @classmethod
    def of(cls, values: Floats, *, unexplained: int = 0, keep: bool = False) -> Self:
        """Add up local attributions.

        Parameters
        ----------
        values : ndarray, shape (n_rows, n_outputs, n_features)
        unexplained : int
            Rows beside these.
        keep : bool
            Keep the values for a median.
        """
        if not len(values):
            return cls(0, unexplained)
        sizes = np.abs(values)
        products = np.einsum("rof,rog->ofg", sizes, sizes, optimize=True)
        kept = np.sort(values, axis=0) if keep else np.zeros((0, *values.shape[1:]))
        return cls(len(values), unexplained, sizes.sum(axis=0), products, kept)

    @classmethod
    def fixed(cls, values: Floats) -> Self:
        """Return the attributions of known global values, as if one row had them: nothing is known about chance.

        Parameters
        ----------
        values : ndarray, shape (n_outputs, n_features)
        """
        return cls.of(values[None, :, :], keep=True)

    def merge(self, other: Self, /) -> Self:
        """Return the attributions of both sides' rows.

        Raises
        ------
        IncompatibleStatesError
            If the sides have other numbers of outputs or features.
        """
        unexplained = self.unexplained + other.unexplained
        if not self.rows or not other.rows:
            some = self if self.rows else other
            return type(self)(some.rows, unexplained, some.total, some.products, some.ordered)
        if self.total.shape != other.total.shape:
            raise IncompatibleStatesError(
                "attributions have different outputs and features", expected=self.total.shape, got=other.total.shape
            )
        return type(self)(
            self.rows + other.rows,
            unexplained,
            self.total + other.total,
            self.products + other.products,
            np.sort(np.concatenate([self.ordered, other.ordered]), axis=0),
        )

    def mean(self) -> Floats:
        r"""Return the mean of :math:`|\phi|`, shape (n_outputs, n_features); empty without rows."""
        return self.total / self.rows if self.rows else self.total

    def mean_square(self) -> Floats:
        r"""Return the mean of :math:`\phi^2`, shape (n_outputs, n_features); empty without rows."""
        squares = np.diagonal(self.products, axis1=1, axis2=2)
        return np.asarray(squares / self.rows if self.rows else squares)

    def median(self) -> Floats:
        r"""Return the median of the signed :math:`\phi`, shape (n_outputs, n_features).

        All ``nan`` where the local values were not kept.
        """
        if not len(self.ordered):
            return np.full(self.total.shape, math.nan)
        return np.asarray(np.median(self.ordered, axis=0))

    def covariance(self, output: int) -> Floats:
        r"""Return the covariance of the means of :math:`|\phi|` of one output, shape (n_features, n_features)."""
        mean = self.mean()[output]
        return np.asarray((self.products[output] / self.rows - np.outer(mean, mean)) / self.rows)

    def summarised(self) -> Self:
        """Return the same without the local values: of them only the medians stay."""
        medians = self.median()[None] if len(self.ordered) else self.ordered
        return type(self)(self.rows, self.unexplained, self.total, self.products, medians)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Attributions)
            and (self.rows, self.unexplained) == (other.rows, other.unexplained)
            and np.array_equal(self.total, other.total)
            and np.array_equal(self.products, other.products)
            and np.array_equal(self.ordered, other.ordered)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "rows": self.rows,
            "unexplained": self.unexplained,
            "total": self.total.tolist(),
            "products": self.products.tolist(),
            "ordered": self.ordered.tolist(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        if not data["rows"]:
            return cls(0, data["unexplained"])
        total = np.array(data["total"], dtype=np.float64)
        ordered = np.array(data["ordered"], dtype=np.float64).reshape(-1, *total.shape)
        products = np.array(data["products"], dtype=np.float64)
        return cls(data["rows"], data["unexplained"], total, products, ordered)
