"""Two distributions on common bins, from the ``statistics.json`` of baseline and run; for pictures only.

Verdicts never rest on these bins.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from monitoring_core.report.words import number

N_BINS: Final = 32
MAX_CATEGORIES: Final = 8
MAX_EXACT: Final = 2.0**53
"""Below it a double tells neighbouring whole numbers apart."""
TAIL: Final = 0.005
"""Share of each end of a distribution that is drawn in the outermost bin, so that outliers do not squeeze the rest."""

Feature: TypeAlias = Mapping[str, Any]
Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Shares of baseline and current rows in the same bins.

    Attributes
    ----------
    labels : tuple of str
        Name of each bin; of a continuous axis only its two ends.
    baseline, current : tuple of float or None
        Shares that add up to 1; None where that side has no values.
    continuous : bool
        Whether the bins are intervals of one axis, and not categories.
    has_rest : bool
        Whether the last bin sums up the categories that are not named.
    """

    labels: tuple[str, ...]
    baseline: tuple[float, ...] | None
    current: tuple[float, ...] | None
    continuous: bool
    has_rest: bool = False

    @property
    def peak(self) -> float:
        """Largest share of a named bin, so that the sum of all others does not make the rest invisible."""
        end = len(self.labels) - 1 if self.has_rest else None
        return max((*(self.baseline or ())[:end], *(self.current or ())[:end]))


def compare(baseline: Feature | None, current: Feature | None) -> Comparison | None:
    """Put two features of ``statistics.json`` on common bins; None where there is nothing to draw.

    Nothing can be drawn of a feature that is a number on one side and text on the other, of one without
    values, of numbers too far apart for one axis, and of text with so many values that their counts were not kept.
    """
    sides = [feature for feature in (baseline, current) if feature is not None]
    if all("numerical_statistics" in feature for feature in sides):
        return _compare_numbers(_kll(baseline), _kll(current))
    if all("string_statistics" in feature for feature in sides):
        return _compare_categories(_categories(baseline), _categories(current))
    return None


@dataclass(frozen=True, slots=True)
class _Numbers:
    """Weighted values (of a sketch), or counts between edges (of buckets)."""

    values: Floats
    weights: Floats
    is_sketch: bool

    @property
    def span(self) -> tuple[float, float]:
        if not self.is_sketch:
            return float(self.values[0]), float(self.values[-1])
        order = np.argsort(self.values)
        share = np.cumsum(self.weights[order]) / self.weights.sum()
        low, high = np.searchsorted(share, (TAIL, 1 - TAIL))
        return float(self.values[order][low]), float(self.values[order][min(high, len(order) - 1)])

    @property
    def whole_numbers(self) -> bool:
        exact = np.abs(self.values).max() < MAX_EXACT
        return self.is_sketch and bool(exact and np.all(self.values == np.floor(self.values)))

    def shares(self, edges: Floats) -> tuple[float, ...]:
        if self.is_sketch:
            inside = np.clip(self.values, edges[0], edges[-1])
            counts, _ = np.histogram(inside, edges, weights=self.weights)
        else:
            counts = np.diff(np.interp(edges, self.values, np.concatenate(([0.0], np.cumsum(self.weights)))))
        total = counts.sum()
        return tuple((counts / total if total else counts).tolist())


def _kll(feature: Feature | None) -> _Numbers | None:
    if feature is None:
        return None
    kll = feature["numerical_statistics"].get("distribution", {}).get("kll", {})
    levels: Sequence[Sequence[float]] = kll.get("sketch", {}).get("data", ())
    if any(levels):
        weights = [np.full(len(level), 2.0**height) for height, level in enumerate(levels)]
        return _Numbers(np.concatenate([np.asarray(level, float) for level in levels]), np.concatenate(weights), True)  # noqa: FBT003
    buckets = kll.get("buckets", ())
    counts = np.array([bucket["count"] for bucket in buckets], float)
    if not counts.sum():
        return None
    edges = np.array([buckets[0]["lower_bound"], *(bucket["upper_bound"] for bucket in buckets)], float)
    if edges[0] == edges[-1]:
        return _Numbers(edges[:1], counts.sum(keepdims=True), True)  # noqa: FBT003 - one value is a sketch of one item
    return _Numbers(edges, counts, False)  # noqa: FBT003


def _compare_numbers(baseline: _Numbers | None, current: _Numbers | None) -> Comparison | None:
    sides = [side for side in (baseline, current) if side is not None]
    if not sides:
        return None
    if all(side.is_sketch for side in sides):
        distinct = np.unique(np.concatenate([side.values for side in sides]))
        if distinct.size <= MAX_CATEGORIES:
            return _compare_values(distinct, baseline, current)
    low, high = min(side.span[0] for side in sides), max(side.span[1] for side in sides)
    if not math.isfinite(high - low):
        return None
    edges = _edges(low, high, whole_numbers=all(side.whole_numbers for side in sides))
    shares = [None if side is None else side.shares(edges) for side in (baseline, current)]
    return Comparison((number(low), number(high)), shares[0], shares[1], continuous=True)


def _edges(low: float, high: float, *, whole_numbers: bool) -> Floats:
    """Bins of equal width; of whole numbers each holds equally many, else some bins would stay empty."""
    if whole_numbers:
        step = math.ceil((high - low + 1) / N_BINS)
        return np.asarray(np.arange(low - 0.5, high + step, step), dtype=np.float64)
    if low == high:
        low, high = low - 0.5, high + 0.5
    return np.asarray(np.linspace(low, high, N_BINS + 1), dtype=np.float64)


def _compare_values(distinct: Floats, baseline: _Numbers | None, current: _Numbers | None) -> Comparison:
    """Few different values (flags, months of a quarter): a bar for each says more than an axis."""

    def shares(side: _Numbers | None) -> tuple[float, ...] | None:
        if side is None:
            return None
        return tuple(float(side.weights[side.values == value].sum() / side.weights.sum()) for value in distinct)

    return Comparison(tuple(map(number, distinct.tolist())), shares(baseline), shares(current), continuous=False)


def _categories(feature: Feature | None) -> dict[str, float] | None:
    """Share of each kept category among the present values."""
    if feature is None:
        return None
    statistics = feature["string_statistics"]
    buckets = statistics.get("distribution", {}).get("categorical", {}).get("buckets", ())
    present = statistics.get("common", {}).get("num_present", 0)
    return {str(bucket["value"]): bucket["count"] / present for bucket in buckets} if buckets and present else None


def _compare_categories(baseline: dict[str, float] | None, current: dict[str, float] | None) -> Comparison | None:
    if baseline is None and current is None:
        return None
    sides = [side for side in (baseline, current) if side is not None]
    largest = {value: max(side.get(value, 0.0) for side in sides) for side in sides for value in side}
    shown = sorted(largest, key=lambda value: (-largest[value], value))[:MAX_CATEGORIES]
    rest = [max(0.0, 1 - sum(side.get(value, 0.0) for value in shown)) for side in sides]
    has_rest = max(rest) > 1e-9  # noqa: PLR2004 - rounding

    def shares(side: dict[str, float] | None) -> tuple[float, ...] | None:
        if side is None:
            return None
        known = tuple(side.get(value, 0.0) for value in shown)
        return (*known, max(0.0, 1 - sum(known))) if has_rest else known

    return Comparison(
        (*shown, *(["all others"] if has_rest else [])),
        shares(baseline),
        shares(current),
        continuous=False,
        has_rest=has_rest,
    )
