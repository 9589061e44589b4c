"""CalibrationBins: predicted probabilities beside what came true, in ten bins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

BINS: Final = 10
EDGES: Final = np.linspace(0, 1, BINS + 1)


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationBins:  # noqa: PLW1641 - arrays have no hash
    """Rows, positives and sum of probabilities of each bin ``(low, high]`` of width 0.1; the first has 0, too.

    ``CalibrationBins.empty()`` is the empty element. The counts are exact, the sums to rounding.

    Examples
    --------
    >>> state = CalibrationBins.of(np.array([0.0, 0.1, 0.95]), np.array([False, True, True]))
    >>> state.rows.tolist()[:2], state.positives.tolist()[-1], state.probabilities.tolist()[-1]
    ([2, 0], 1, 0.95)
    """

    rows: NDArray[np.int64]
    positives: NDArray[np.int64]
    probabilities: NDArray[np.float64]

    @classmethod
    def empty(cls) -> Self:
        """Return the bins of no rows."""
        return cls.of(np.empty(0), np.empty(0, dtype=bool))

    @classmethod
    def of(cls, probabilities: NDArray[np.float64], positive: NDArray[np.bool_]) -> Self:
        """Count probabilities in [0, 1]."""
        index = np.searchsorted(EDGES[1:-1], probabilities)
        return cls(
            np.bincount(index, minlength=BINS).astype(np.int64),
            np.bincount(index[positive], minlength=BINS).astype(np.int64),
            np.bincount(index, weights=probabilities, minlength=BINS).astype(np.float64),
        )

    def merge(self, other: Self, /) -> Self:
        """Return the sum of both sides."""
        return type(self)(
            self.rows + other.rows, self.positives + other.positives, self.probabilities + other.probabilities
        )

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, CalibrationBins)
            and np.array_equal(self.rows, other.rows)
            and np.array_equal(self.positives, other.positives)
            and np.array_equal(self.probabilities, other.probabilities)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "rows": self.rows.tolist(),
            "positives": self.positives.tolist(),
            "probabilities": self.probabilities.tolist(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(
            np.asarray(data["rows"], dtype=np.int64),
            np.asarray(data["positives"], dtype=np.int64),
            np.asarray(data["probabilities"], dtype=np.float64),
        )
