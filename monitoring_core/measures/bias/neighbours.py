"""Exact nearest neighbours with numpy alone.

Distances of points are at least the distances of their projections, so on the line where the points spread most,
only those within a window can be neighbours. Points that spread along all axes alike leave a wide window, at worst
all points.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_PAIRS: Final = 2_000_000
"""Distances held in memory at once."""
_BLOCK: Final = 256
_FIRST_WINDOW: Final = 64


def positive_votes(
    points: Floats, positive: NDArray[np.bool_], counts: NDArray[np.int64], queries: Floats, k: int
) -> Floats:
    """Return for every query how many of its `k` nearest points are positive.

    Points at the same distance as the k-th share the votes that are left.

    Parameters
    ----------
    points : ndarray, shape (n_points, n_features)
        Not empty.
    positive : ndarray of bool, shape (n_points,)
    counts : ndarray of int, shape (n_points,)
        How often each point occurs, at least once; together at least `k`.
    queries : ndarray, shape (n_queries, n_features)

    Returns
    -------
    ndarray, shape (n_queries,)
        In [0, k].

    Examples
    --------
    >>> points, once = np.array([[0.0], [1.0], [5.0]]), np.ones(3, dtype=np.int64)
    >>> positive_votes(points, np.array([True, False, True]), once, np.array([[0.1], [0.5], [4.0]]), 1).tolist()
    [1.0, 0.5, 1.0]
    """
    axis = _principal_axis(points)
    places = points @ axis
    order = np.argsort(places, kind="stable")
    places, points, positive, counts = places[order], points[order], positive[order], counts[order]
    query_places = queries @ axis
    # The projections are rounded: look a little further than they say.
    slack = 1e-9 * (1.0 + float(np.abs(places).max(initial=0.0)) + float(np.abs(query_places).max(initial=0.0)))
    votes = np.empty(len(queries))
    for block in _blocks(np.argsort(query_places, kind="stable"), len(points)):
        near = query_places[block]
        first, last = np.searchsorted(places, [near.min(), near.max()])
        window = slice(max(0, first - _FIRST_WINDOW - k), min(len(points), last + _FIRST_WINDOW + k))
        reach = np.sqrt(_last_distance(_squares(queries[block], points[window]), counts[window], k)) + slack
        first = int(np.searchsorted(places, (near - reach).min(), side="left"))
        last = int(np.searchsorted(places, (near + reach).max(), side="right"))
        needed = slice(min(first, window.start), max(last, window.stop))
        votes[block] = _votes(_squares(queries[block], points[needed]), positive[needed], counts[needed], k)
    return votes


def _principal_axis(points: Floats) -> Floats:
    centred = points - points.mean(axis=0)
    axis: Floats = np.linalg.eigh(centred.T @ centred)[1][:, -1]
    return axis


def _blocks(order: NDArray[np.intp], n_points: int) -> list[NDArray[np.intp]]:
    size = max(1, min(_BLOCK, _PAIRS // n_points))
    return [order[start : start + size] for start in range(0, len(order), size)]


def _squares(queries: Floats, points: Floats) -> Floats:
    """Squared distances, feature by feature: equal rows have equal distances to the last bit."""
    total = np.zeros((len(queries), len(points)))
    for feature in range(points.shape[1]):
        total += np.square(queries[:, feature, None] - points[None, :, feature])
    return total


def _last_distance(squares: Floats, counts: NDArray[np.int64], k: int) -> Floats:
    """Squared distance of the k-th nearest occurrence; infinite where there are fewer."""
    size = min(k, squares.shape[1])
    nearest = np.argpartition(squares, size - 1, axis=1)[:, :size]
    distances = np.take_along_axis(squares, nearest, axis=1)
    inner = np.argsort(distances, axis=1, kind="stable")
    distances = np.take_along_axis(distances, inner, axis=1)
    reached = np.cumsum(np.take_along_axis(counts[nearest], inner, axis=1), axis=1) >= k
    last = np.take_along_axis(distances, reached.argmax(axis=1)[:, None], axis=1)[:, 0]
    return np.where(reached.any(axis=1), last, np.inf)


def _votes(squares: Floats, positive: NDArray[np.bool_], counts: NDArray[np.int64], k: int) -> Floats:
    last = _last_distance(squares, counts, k)[:, None]
    weights = np.stack([counts, counts * positive], axis=1).astype(np.float64)
    inside = (squares < last) @ weights
    tied = (squares == last) @ weights
    votes: Floats = inside[:, 1] + (k - inside[:, 0]) * tied[:, 1] / tied[:, 0]
    return votes
