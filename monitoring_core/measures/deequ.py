"""The numeric distance exactly as Deequ 2 computes it, quirk included, for parity with Amazon's analyzer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from monitoring_core.measures.distance import Distance, robust
from monitoring_core.stats.quantiles import Sketch


def distinct_value_distance(reference: Sketch, current: Sketch, *, correct: bool) -> Distance:
    r"""Kolmogorov-Smirnov distance of two sketches in which equal values count once.

    Deequ keeps the items of a sketch in a map keyed by value, so equal items collapse to one, with the
    weight of the highest level among them. With few distinct values the correction of `robust` exceeds 1
    and the distance is 0: drift of low-cardinality columns goes unseen [1]_. Use
    `kolmogorov_smirnov` unless Amazon's verdict itself is wanted.

    Parameters
    ----------
    reference, current : Sketch
        Sketches of the numbers.
    correct : bool
        Subtract the small-sample term (``comparison_method`` ``Robust``).

    Returns
    -------
    Distance
        In [0, 1]; ``nan`` if either sketch is empty.

    References
    ----------
    .. [1] Deequ 2.0, ``analyzers/Distance.scala`` and ``QuantileNonSample.getRankMap``.

    Examples
    --------
    >>> from monitoring_core.stats.kll import KllSketch
    >>> baseline, window = KllSketch.of([0.0] * 900 + [1.0] * 100), KllSketch.of([1.0] * 1000)
    >>> distinct_value_distance(baseline, window, correct=True)      # the true distance is 0.9
    0.0
    >>> distinct_value_distance(KllSketch.of([2, 3, 4, 5]), KllSketch.of([1, 2, 3, 4]), correct=False)
    0.25
    """
    if not reference.count or not current.count:
        return Distance(float("nan"))
    ref_values, ref_ranks = _rank_map(reference)
    cur_values, cur_ranks = _rank_map(current)
    points = np.union1d(ref_values, cur_values)
    m, n = int(ref_ranks[-1]), int(cur_ranks[-1])
    difference = _at(points, cur_values, cur_ranks) / n - _at(points, ref_values, ref_ranks) / m
    simple = Distance(float(np.abs(difference).max()))
    return robust(simple, n, m) if correct else simple


def _rank_map(sketch: Sketch) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    values, last = np.unique(sketch.items[::-1], return_index=True)
    return values, np.cumsum(sketch.weights[::-1][last])


def _at(points: NDArray[np.float64], values: NDArray[np.float64], ranks: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([[0], ranks])[np.searchsorted(values, points, side="right")].astype(np.int64)
