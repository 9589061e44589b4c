"""Within: how many numbers lie outside two fixed bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from monitoring_core.errors import IncompatibleStatesError


@dataclass(frozen=True, slots=True)
class Within:
    """Counts below, above and of all values; ``Within(lower, upper)`` is empty for those bounds.

    Examples
    --------
    >>> Within.of(np.array([0.0, 5.0, 11.0]), 1.0, 10.0)
    Within(lower=1.0, upper=10.0, below=1, above=1, total=3)
    """

    lower: float
    upper: float
    below: int = 0
    above: int = 0
    total: int = 0

    @classmethod
    def of(cls, values: NDArray[np.float64], lower: float, upper: float) -> Self:
        """Count values; the bounds themselves are inside."""
        return cls(
            lower,
            upper,
            int(np.count_nonzero(values < lower)),
            int(np.count_nonzero(values > upper)),
            int(values.size),
        )

    def merge(self, other: Self, /) -> Self:
        """Return the sum of both sides.

        Raises
        ------
        IncompatibleStatesError
            If the bounds differ.
        """
        ours, theirs = (self.lower, self.upper), (other.lower, other.upper)
        if ours != theirs:
            raise IncompatibleStatesError("counts are for different bounds", expected=ours, got=theirs)
        return type(self)(*ours, self.below + other.below, self.above + other.above, self.total + other.total)

    @property
    def outside(self) -> int:
        """Values below or above."""
        return self.below + self.above

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(**data)
