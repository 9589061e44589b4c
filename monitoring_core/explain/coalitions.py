r"""Coalitions: which features are present, and how Shapley values follow from the scores of coalitions.

Shapley values solve a weighted least-squares problem over coalitions S of F features [1]_:

.. math:: \min_\phi \sum_S \pi(|S|)\,\Big(v(S) - v(\emptyset) - \sum_{j \in S} \phi_j\Big)^2,
          \quad \pi(s) = \frac{F - 1}{\binom{F}{s}\, s\, (F - s)}

subject to :math:`\sum_j \phi_j = v(F) - v(\emptyset)`. The solution is linear in v, so one matrix serves all rows.
With every coalition in it the result is exact.

References
----------
.. [1] Lundberg & Lee (2017), A unified approach to interpreting model predictions, NeurIPS 30.
.. [2] Covert & Lee (2021), Improving KernelSHAP: practical Shapley value estimation via linear regression, AISTATS
   (paired sampling).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from monitoring_core.explain.model import Floats

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Coalitions:
    """Coalitions to be scored, and the matrix that turns their scores into Shapley values.

    Attributes
    ----------
    present : ndarray of bool, shape (n_coalitions, n_features)
        Neither the empty nor the whole coalition is among them.
    solution : ndarray, shape (n_features, n_coalitions)
    """

    present: Bools
    solution: Floats

    def __len__(self) -> int:
        return len(self.present)

    def solve(self, gains: Floats, total: Floats) -> Floats:
        """Return Shapley values.

        Parameters
        ----------
        gains : ndarray, shape (..., n_coalitions)
            Scores of the coalitions, less that of the empty one.
        total : ndarray, shape (...)
            Score of all features together, less that of none.

        Returns
        -------
        ndarray, shape (..., n_features)
            Their sum is `total`.
        """
        features = self.present.shape[1]
        return np.asarray(gains @ self.solution.T + (total / features)[..., None] * self._share_of_total())

    def _share_of_total(self) -> Floats:
        sizes = self.present.sum(axis=1)
        return np.asarray(1.0 - self.solution @ sizes)


@lru_cache(maxsize=8)
def coalitions(features: int, limit: int, seed: int = 0) -> Coalitions:
    """Choose coalitions: all of them if `limit` allows, else whole sizes from the outside in, and a sample.

    A sampled coalition comes with its complement. The choice depends on the arguments alone.

    Parameters
    ----------
    features : int
        At least 1.
    limit : int
        Most coalitions to be chosen; at least 2 per feature are.
    seed : int

    Examples
    --------
    >>> chosen = coalitions(3, 100)
    >>> chosen.present.sum(axis=1).tolist()
    [1, 2, 1, 2, 2, 1]
    >>> chosen.solve(np.array([1.0, 6.0, 2.0, 5.0, 3.0, 4.0]), np.array(7.0)).round(6).tolist()  # an additive game
    [1.0, 2.0, 4.0]
    """
    limit = max(limit, 2 * features)
    present, weights = _all(features) if 2**features - 2 <= limit else _sample(features, limit, seed)
    return Coalitions(present, _solution(present, weights))


def _all(features: int) -> tuple[Bools, Floats]:
    codes = np.arange(1, 2 ** (features - 1), dtype=np.int64)  # one of each pair of complements
    present = _paired((codes[:, None] >> np.arange(features)) & 1 == 1)
    by_size = np.array([0.0, *(_weight(features, size) for size in range(1, features))])
    return present, by_size[present.sum(axis=1)]


def _paired(half: Bools) -> Bools:
    return np.stack([half, ~half], axis=1).reshape(-1, half.shape[1])


def _mass(features: int, size: int) -> float:
    """Return the weight of all coalitions of a size together."""
    return (features - 1) / (size * (features - size))


def _weight(features: int, size: int) -> float:
    return _mass(features, size) / comb(features, size)


def _sample(features: int, limit: int, seed: int) -> tuple[Bools, Floats]:
    """Take all coalitions of a size and of its complement while they fit, then draw from the other sizes."""
    chosen: list[Bools] = []
    weights: list[Floats] = []
    left, size = limit, 1
    while 2 * size < features and 2 * comb(features, size) <= left:
        half = np.zeros((comb(features, size), features), dtype=bool)
        members = np.array(list(combinations(range(features), size)))
        np.put_along_axis(half, members, values=True, axis=1)
        chosen.append(_paired(half))
        weights.append(np.full(2 * len(half), _weight(features, size)))
        left -= 2 * len(half)
        size += 1
    drawn, counts = _draw(features, size, left, np.random.default_rng(seed))
    mass = sum(_mass(features, rest) for rest in range(size, features - size + 1))
    return np.concatenate([*chosen, drawn]), np.concatenate([*weights, counts * (mass / max(1.0, counts.sum()))])


def _draw(features: int, smallest: int, limit: int, random: np.random.Generator) -> tuple[Bools, Floats]:
    """Draw pairs of complements of the sizes that are left; return them once each, with how often they came."""
    sizes = range(smallest, features - smallest + 1)
    mass = np.array([_mass(features, size) for size in sizes])
    drawn = random.choice(np.array(sizes), size=limit // 2, p=mass / mass.sum())
    order = random.random((drawn.size, features)).argsort(axis=1).argsort(axis=1)
    both = _paired(order < drawn[:, None])
    present, counts = np.unique(both, axis=0, return_counts=True)
    return present, counts.astype(np.float64)


def _solution(present: Bools, weights: Floats) -> Floats:
    """Eliminate the constraint; the pseudo-inverse shares out what the coalitions cannot tell apart."""
    features = present.shape[1]
    if features == 1:
        return np.zeros((1, 0))
    weighted = present * weights[:, None]
    inverse = np.linalg.pinv(present.T.astype(np.float64) @ weighted, hermitian=True)
    ones = inverse.sum(axis=1)
    solution = inverse @ weighted.T
    return np.asarray(solution - np.outer(ones / ones.sum(), solution.sum(axis=0)))
