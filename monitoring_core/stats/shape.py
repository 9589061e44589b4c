"""Shape: mean, spread, skewness and kurtosis of numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Shape:
    r"""Count, mean and the second to fourth central moments; ``Shape()`` is empty.

    Parts merge by the pairwise updates of Pebay [1]_, in which nothing large cancels.

    References
    ----------
    .. [1] Pebay (2008), Formulas for robust, one-pass parallel computation of covariances, SAND2008-6212.

    Examples
    --------
    >>> whole = Shape.of(np.array([1.0, 1.0, 1.0, 5.0]))
    >>> round(whole.skewness, 4), round(whole.kurtosis, 4)
    (1.1547, -0.6667)
    >>> parts = Shape.of(np.array([1.0, 1.0])).merge(Shape.of(np.array([1.0, 5.0])))
    >>> round(parts.skewness, 4)
    1.1547
    >>> Shape.of(np.array([3.0, 3.0])).skewness           # a constant has no shape
    nan
    """

    count: int = 0
    mean: float = 0.0
    m2: float = 0.0
    m3: float = 0.0
    m4: float = 0.0

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> Self:
        """Shape of an array without ``nan``."""
        if values.size == 0:
            return cls()
        with np.errstate(invalid="ignore", over="ignore"):
            mean = float(values.mean())
            deviations = values - mean
            squares = np.square(deviations)
            return cls(
                int(values.size),
                mean,
                float(squares.sum()),
                float((squares * deviations).sum()),
                float(np.square(squares).sum()),
            )

    def merge(self, other: Self, /) -> Self:
        """Return the shape of both sides' values together."""
        if not self.count or not other.count:
            return self if self.count else other
        a, b, n = self.count, other.count, self.count + other.count
        delta = other.mean - self.mean
        step = delta / n
        return type(self)(
            n,
            self.mean + step * b,
            self.m2 + other.m2 + delta * step * a * b,
            self.m3 + other.m3 + delta * step**2 * a * b * (a - b) + 3 * step * (a * other.m2 - b * self.m2),
            self.m4
            + other.m4
            + delta * step**3 * a * b * (a * a - a * b + b * b)
            + 6 * step**2 * (a * a * other.m2 + b * b * self.m2)
            + 4 * step * (a * other.m3 - b * self.m3),
        )

    @property
    def skewness(self) -> float:
        r"""Population skewness :math:`\sqrt n M_3 / M_2^{3/2}`; 0 when symmetric, ``nan`` for a constant."""
        return math.sqrt(self.count) * self.m3 / self.m2**1.5 if self._varies else math.nan

    @property
    def kurtosis(self) -> float:
        r"""Excess kurtosis :math:`n M_4 / M_2^2 - 3`; 0 for a normal distribution, ``nan`` for a constant."""
        return self.count * self.m4 / self.m2**2 - 3 if self._varies else math.nan

    @property
    def _varies(self) -> bool:
        """Whether the spread is more than rounding of the mean."""
        return self.count > 0 and self.m2 > self.count * (1e-14 * self.mean) ** 2

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(**data)
