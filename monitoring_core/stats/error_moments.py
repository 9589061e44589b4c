"""ErrorMoments: labels beside the squared errors of their predictions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ErrorMoments:
    r"""Joint moments of the label y and the squared error :math:`u = (y - \hat y)^2`; ``ErrorMoments()`` is empty.

    All that R2 and its standard error need: about the means, the sums of :math:`y^2, y^3, y^4, u^2, u y`
    and :math:`u y^2` (letters standing for deviations). Two parts merge by moving both to the common means,
    which is exact algebra (binomial expansion [1]_), so nothing is lost when a mean is large against its spread.

    Attributes
    ----------
    count : int
        Rows.
    label_mean, squared_mean : float
        Means of y and u.
    yy, yyy, yyyy, uu, uy, uyy : float
        Sums of products of deviations.

    References
    ----------
    .. [1] Pebay (2008), Sandia report SAND2008-6212.

    Examples
    --------
    >>> y, predicted = np.array([1.0, 2.0, 4.0, 7.0]), np.array([1.0, 3.0, 3.0, 5.0])
    >>> whole = ErrorMoments.of(y, predicted)
    >>> whole.squared_mean, whole.yy
    (1.5, 21.0)
    >>> halves = ErrorMoments.of(y[:1], predicted[:1]).merge(ErrorMoments.of(y[1:], predicted[1:]))
    >>> bool(np.isclose(halves.uyy, whole.uyy))
    True
    """

    count: int = 0
    label_mean: float = 0.0
    squared_mean: float = 0.0
    yy: float = 0.0
    yyy: float = 0.0
    yyyy: float = 0.0
    uu: float = 0.0
    uy: float = 0.0
    uyy: float = 0.0

    @classmethod
    def of(cls, labels: NDArray[np.float64], predictions: NDArray[np.float64]) -> Self:
        """Return the moments of rows; numbers are finite."""
        if not labels.size:
            return cls()
        squared = np.square(labels - predictions)
        y, u = labels - labels.mean(), squared - squared.mean()
        y2 = y * y
        return cls(
            int(labels.size),
            float(labels.mean()),
            float(squared.mean()),
            yy=float(y2.sum()),
            yyy=float(y2 @ y),
            yyyy=float(y2 @ y2),
            uu=float(u @ u),
            uy=float(u @ y),
            uyy=float(u @ y2),
        )

    def merge(self, other: Self, /) -> Self:
        """Return the moments of both sides' rows together."""
        if not self.count or not other.count:
            return self if self.count else other
        count = self.count + other.count
        share = other.count / count
        label_mean = self.label_mean + share * (other.label_mean - self.label_mean)
        squared_mean = self.squared_mean + share * (other.squared_mean - self.squared_mean)
        a, b = (side._about(label_mean, squared_mean) for side in (self, other))  # noqa: SLF001 - of this class
        return type(self)(count, label_mean, squared_mean, *(x + y for x, y in zip(a, b, strict=True)))

    def _about(self, label_mean: float, squared_mean: float) -> tuple[float, ...]:
        """Return the sums of products about other means."""
        n, d, e = self.count, label_mean - self.label_mean, squared_mean - self.squared_mean
        return (
            self.yy + n * d * d,
            self.yyy - 3 * d * self.yy - n * d**3,
            self.yyyy - 4 * d * self.yyy + 6 * d * d * self.yy + n * d**4,
            self.uu + n * e * e,
            self.uy + n * d * e,
            self.uyy - 2 * d * self.uy - e * self.yy - n * e * d * d,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(**data)
