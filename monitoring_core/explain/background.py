"""Background: what "a feature is absent" means - its value in these records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from monitoring_core.errors import DataError
from monitoring_core.explain.model import Floats

Places = NDArray[np.intp]

ROUNDS: Final = 20


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """Weighted records that absent features are drawn from.

    Attributes
    ----------
    rows : ndarray, shape (n_records, n_features)
    weights : ndarray, shape (n_records,)
        Positive, sum 1.
    """

    rows: Floats
    weights: Floats

    @classmethod
    def of(cls, rows: Floats, counts: Floats | None = None) -> Self:
        """Make a background of records; equal ones are kept once, with their weight.

        Parameters
        ----------
        rows : ndarray, shape (n_records, n_features)
        counts : ndarray, shape (n_records,), optional
            How often each occurs; 1 by default.

        Raises
        ------
        DataError
            If there is no record.

        Examples
        --------
        >>> Background.of(np.array([[1.0], [2.0], [1.0], [1.0]])).weights.tolist()
        [0.75, 0.25]
        """
        if rows.ndim != 2 or not len(rows):  # noqa: PLR2004 - rows by columns
            raise DataError(f"a background needs at least one record of features, got shape {rows.shape}")
        unique, places = np.unique(rows, axis=0, return_inverse=True)
        weights = np.bincount(places.ravel(), counts, len(unique)).astype(np.float64)
        return cls(unique, weights / weights.sum())

    def __len__(self) -> int:
        return len(self.rows)

    def summarise(self, size: int, *, seed: int = 0, at_least: float = 0.0) -> Self:
        """Return at most `size` weighted records that stand for all.

        k-means on standardised columns, started by k-means++; each coordinate of a centre is then moved to the
        nearest value that occurs in its column, so that codes and counts stay what they are. Rows with a missing value
        do not move centres.

        Parameters
        ----------
        size : int
        seed : int
            Chooses the first centres.
        at_least : float
            Smallest weight of a centre; smaller ones are joined to their neighbours, so that no centre stands for a
            few rows alone. With 0, a background of no more than `size` records is returned as it is.
        """
        complete = np.isfinite(self.rows).all(axis=1)
        rows, weights = (self.rows[complete], self.weights[complete]) if complete.any() else (self.rows, self.weights)
        if not at_least and len(self) <= size:
            return self
        scale = np.sqrt(np.average((rows - weights @ rows / weights.sum()) ** 2, axis=0, weights=weights))
        points = np.nan_to_num(rows / np.where(scale > 0, scale, 1.0))
        nearest = _cluster(points, weights, min(size, len(rows)), np.random.default_rng(seed))
        nearest = _join_small(points, weights, nearest, at_least * float(weights.sum()))
        mass = np.bincount(nearest, weights).astype(np.float64)
        return type(self).of(_snap(_centres(rows, weights, nearest), rows), mass)


def _cluster(points: Floats, weights: Floats, size: int, random: np.random.Generator) -> Places:
    """Return the index of each point's cluster; every cluster has a point."""
    centres = points[[int(np.argmax(weights))]]
    distances = ((points - centres[0]) ** 2).sum(axis=1)
    while len(centres) < size and distances.any():
        mass = weights * distances
        chosen = points[random.choice(len(points), p=mass / mass.sum())]
        centres = np.vstack([centres, chosen])
        distances = np.minimum(distances, ((points - chosen) ** 2).sum(axis=1))
    nearest = np.zeros(len(points), dtype=np.intp)
    for _ in range(ROUNDS):
        squares = (centres**2).sum(axis=1)[None, :] - 2 * points @ centres.T
        _, moved = np.unique(squares.argmin(axis=1), return_inverse=True)
        if np.array_equal(moved, nearest):
            break
        nearest = moved
        centres = _centres(points, weights, nearest)
    return nearest


def _join_small(points: Floats, weights: Floats, nearest: Places, at_least: float) -> Places:
    """Dissolve the smallest cluster, until none is too small or one is left."""
    mass = np.bincount(nearest, weights)
    while mass.size > 1 and mass.min() < at_least:
        smallest = int(mass.argmin())
        loose = nearest == smallest
        centres = np.delete(_centres(points, weights, nearest), smallest, axis=0)
        nearest = nearest - (nearest > smallest)
        nearest[loose] = ((points[loose][:, None, :] - centres) ** 2).sum(axis=2).argmin(axis=1)
        mass = np.bincount(nearest, weights)
    return nearest


def _centres(points: Floats, weights: Floats, nearest: Places) -> Floats:
    mass = np.bincount(nearest, weights)
    return np.stack([np.bincount(nearest, weights * column) / mass for column in points.T], axis=1)


def _snap(centres: Floats, rows: Floats) -> Floats:
    """Move every coordinate to the nearest value of its column."""
    snapped = np.empty_like(centres)
    for index, column in enumerate(rows.T):
        known = np.unique(column)
        if np.isnan(known).any():
            snapped[:, index] = centres[:, index]
            continue
        right = np.clip(np.searchsorted(known, centres[:, index]), 1, max(1, known.size - 1))
        low, high = known[right - 1], known[np.minimum(right, known.size - 1)]
        snapped[:, index] = np.where(centres[:, index] - low <= high - centres[:, index], low, high)
    return snapped
