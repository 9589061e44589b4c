"""Moments: count, sum, spread and range of numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Moments:
    r"""Count, sum, second central moment, minimum and maximum; ``Moments()`` is empty.

    Two parts merge by the pairwise update of Chan et al. [1]_:

    .. math:: M_2 = M_{2a} + M_{2b} + \delta^2 \frac{n_a n_b}{n_a + n_b}, \quad \delta = \bar x_b - \bar x_a

    which loses no precision when the mean is large against the spread. Counts are exact;
    the floats agree with a single pass to rounding.

    References
    ----------
    .. [1] Chan, Golub & LeVeque (1983), The American Statistician 37(3), 242-247.

    Examples
    --------
    >>> whole = Moments.of(np.array([1.0, 2.0, 3.0, 4.0]))
    >>> whole.mean, whole.variance
    (2.5, 1.25)
    >>> Moments.of(np.array([1.0, 2.0])).merge(Moments.of(np.array([3.0, 4.0]))) == whole
    True
    >>> Moments().mean                                    # undefined is nan, never 0
    nan
    """

    count: int = 0
    total: float = 0.0
    m2: float = 0.0
    minimum: float = math.inf
    maximum: float = -math.inf

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> Self:
        """Moments of an array without ``nan``; infinities are values and make the spread undefined."""
        if values.size == 0:
            return cls()
        with np.errstate(invalid="ignore", over="ignore"):
            total = float(values.sum())
            deviations = values - total / values.size
            return cls(
                int(values.size),
                total,
                float(np.square(deviations, out=deviations).sum()),
                float(values.min()),
                float(values.max()),
            )

    def merge(self, other: Self, /) -> Self:
        """Return the moments of both sides' values together."""
        if not self.count or not other.count:
            return self if self.count else other
        count = self.count + other.count
        delta = other.mean - self.mean
        return type(self)(
            count,
            self.total + other.total,
            self.m2 + other.m2 + delta * delta * (self.count * other.count / count),
            min(self.minimum, other.minimum),
            max(self.maximum, other.maximum),
        )

    @property
    def mean(self) -> float:
        """Arithmetic mean; ``nan`` when empty."""
        return self.total / self.count if self.count else math.nan

    @property
    def variance(self) -> float:
        """Population variance (ddof 0); ``nan`` when empty."""
        return self.m2 / self.count if self.count else math.nan

    @property
    def standard_deviation(self) -> float:
        """Population standard deviation; ``nan`` when empty."""
        return math.sqrt(self.variance) if self.count else math.nan

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(**data)
