"""The one table that every bias metric of a facet is computed from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from monitoring_core.measures.bias.flip_test import Flips
from monitoring_core.measures.bias.ratios import Outcomes, UndefinedBiasError

NO_GROUPS = "Group variable is empty or not provided"


@dataclass(frozen=True, eq=False)
class FacetTable:
    """Rows by facet, group, observed and predicted label.

    Attributes
    ----------
    counts : ndarray, shape (2, n_groups, 2, 2)
        Axes: advantaged, disadvantaged; groups of the group variable, then rows without one;
        observed label negative, positive; predicted label negative, positive.
    groups : int
        How many groups of the group variable there are.
    flips : Flips or str
        What the flip test found, or why it could not be done.
    no_groups : str
        Why there are no groups.
    """

    counts: NDArray[np.float64] | NDArray[np.int64]
    groups: int = 0
    flips: Flips | str = "there are no features"
    no_groups: str = NO_GROUPS

    @cached_property
    def advantaged(self) -> Outcomes:
        """Outcomes of the advantaged group."""
        return Outcomes.of(self.counts[0].sum(axis=0))

    @cached_property
    def disadvantaged(self) -> Outcomes:
        """Outcomes of the disadvantaged group."""
        return Outcomes.of(self.counts[1].sum(axis=0))

    @cached_property
    def everybody(self) -> Outcomes:
        """Outcomes of all rows."""
        return Outcomes.of(self.counts.sum(axis=(0, 1)))

    @property
    def smaller_side(self) -> int:
        """Rows of the smaller group: what the metrics rest on."""
        return int(min(self.advantaged.rows, self.disadvantaged.rows))

    def label_counts(self) -> NDArray[np.float64]:
        """Rows by facet and observed label, shape (2, 2)."""
        return np.asarray(self.counts.sum(axis=(1, 3)), dtype=np.float64)

    def by_group(self, outcome: Literal["label", "predicted"]) -> NDArray[np.float64]:
        """Rows of known groups by facet, group and outcome, shape (2, groups, 2).

        Raises
        ------
        UndefinedBiasError
            If there are no groups.
        """
        if not self.groups:
            raise UndefinedBiasError(self.no_groups)
        return np.asarray(self.counts[:, : self.groups].sum(axis=3 if outcome == "label" else 2), dtype=np.float64)

    def flip_share(self) -> float:
        """Return the flip test's value.

        Raises
        ------
        UndefinedBiasError
            If it could not be done.
        """
        if isinstance(self.flips, str):
            raise UndefinedBiasError(self.flips)
        return (self.flips.favoured - self.flips.harmed) / self.flips.rows
