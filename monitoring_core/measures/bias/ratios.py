"""Ratios of counts, and their differences, with what is undefined made visible."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from monitoring_core.errors import WatchkeeperError


class UndefinedBiasError(WatchkeeperError, ValueError):
    """A bias metric has no value on these rows; the message says why, in Clarify's words where it has any."""


def ratio(part: float, whole: float, *, empty: float = math.nan) -> float:
    """Divide two counts.

    Parameters
    ----------
    part, whole : float
        Not negative.
    empty : float, default nan
        What 0/0 counts as; 0 for Clarify.

    Returns
    -------
    float
        ``inf`` where only `whole` is 0.

    Examples
    --------
    >>> ratio(1, 4), ratio(1, 0), ratio(0, 0), ratio(0, 0, empty=0.0)
    (0.25, inf, nan, 0.0)
    """
    if whole:
        return float(part / whole)
    return math.inf if part else empty


def difference(left: float, right: float, *, empty: float = math.nan) -> float:
    """Subtract two ratios; two equal infinities differ by `empty`.

    Examples
    --------
    >>> difference(0.75, 0.5), difference(math.inf, math.inf), difference(math.inf, math.inf, empty=0.0)
    (0.25, nan, 0.0)
    """
    return empty if math.isinf(left) and left == right else left - right


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Rows of one group by observed and predicted label: its confusion matrix.

    Examples
    --------
    >>> group = Outcomes(true_positives=3, false_positives=1, false_negatives=2, true_negatives=4)
    >>> group.rows, group.positives, group.predicted_positives
    (10, 5, 4)
    """

    true_positives: float
    false_positives: float
    false_negatives: float
    true_negatives: float

    @classmethod
    def of(cls, table: ArrayLike) -> Self:
        """Read a table with rows by observed and columns by predicted label, negative before positive."""
        (true_negatives, false_positives), (false_negatives, true_positives) = np.asarray(table).tolist()
        return cls(true_positives, false_positives, false_negatives, true_negatives)

    @property
    def rows(self) -> float:
        """All rows."""
        return self.positives + self.negatives

    @property
    def positives(self) -> float:
        """Rows whose observed label is positive."""
        return self.true_positives + self.false_negatives

    @property
    def negatives(self) -> float:
        """Rows whose observed label is negative."""
        return self.true_negatives + self.false_positives

    @property
    def predicted_positives(self) -> float:
        """Rows whose predicted label is positive."""
        return self.true_positives + self.false_positives

    @property
    def predicted_negatives(self) -> float:
        """Rows whose predicted label is negative."""
        return self.true_negatives + self.false_negatives


def require_both(advantaged: float, disadvantaged: float, *, family: str = "", negated: str = "Negated Facet") -> None:
    """Refuse a group without rows, in Clarify's words.

    Parameters
    ----------
    advantaged, disadvantaged : float
        Rows of each group.
    family : str
        What Clarify puts before the sentence.
    negated : str
        What Clarify calls the advantaged group.

    Raises
    ------
    UndefinedBiasError
        If either has none.
    """
    if not disadvantaged:
        raise UndefinedBiasError(f"{family}Facet set is empty")
    if not advantaged:
        raise UndefinedBiasError(f"{family}{negated} set is empty")
