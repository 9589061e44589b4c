r"""Exact Shapley values of tree ensembles, in closed form per leaf.

A leaf with value v is reached when all its conditions hold. With the features S taken from the explained row x and
the others from a background record z, it is reached iff x meets the conditions of the features in S and z the rest.
Let A be the conditions that only x meets, B those that only z meets, a and b their numbers; if a condition is met by
neither, the leaf is out of the game. Then [1]_

.. math:: \phi_j = v\,\frac{(a-1)!\,b!}{(a+b)!} \;(j \in A), \qquad \phi_j = -v\,\frac{a!\,(b-1)!}{(a+b)!} \;(j \in B)

A row enters only through the mask of conditions it fails. Leaves with few conditions therefore get a table of all
masks, made from the counts of the background's masks in one matrix product: the cost hardly grows with the background.

References
----------
.. [1] Lundberg et al. (2020), From local explanations to global understanding with explainable AI for trees,
   Nature Machine Intelligence 2, 56-67 (interventional feature perturbation).
"""

from __future__ import annotations

from functools import lru_cache
from math import factorial
from typing import Final

import numpy as np

from monitoring_core.explain.background import Background
from monitoring_core.explain.explanation import Explanation
from monitoring_core.explain.leaves import Leaves, Masks, leaves_of
from monitoring_core.explain.model import Floats
from monitoring_core.explain.trees import TreeEnsemble

MAX_TABLE_CONDITIONS: Final = 7

TINY: Final = 1e-300
"""Keeps the division of a product by one of its factors defined where no training row came by."""


def explain_against_background(ensemble: TreeEnsemble, rows: Floats, background: Background) -> Explanation:
    """Return Shapley values of the raw scores; absent features are drawn from the background."""
    left, left_behind = ensemble.goes_left(rows), ensemble.goes_left(background.rows)
    values = np.zeros((len(rows), ensemble.outputs, rows.shape[1]))
    for group in leaves_of(ensemble):
        method = _by_table if group.conditions <= MAX_TABLE_CONDITIONS else _by_pair
        for leaves in group.blocks(max(len(rows), 1 << MAX_TABLE_CONDITIONS)):
            method(leaves, leaves.failures(left), leaves.failures(left_behind), background.weights, values)
    return Explanation(values, background.weights @ ensemble.raw(background.rows))


@lru_cache(maxsize=64)
def _weights(conditions: int) -> tuple[Floats, Floats]:
    """Return what a condition of A and one of B get, by (a, b)."""
    size = conditions + 1
    gain, loss = np.zeros((size, size)), np.zeros((size, size))
    for a in range(size):
        for b in range(size - a):
            gain[a, b] = factorial(a - 1) * factorial(b) / factorial(a + b) if a else 0.0
            loss[a, b] = factorial(a) * factorial(b - 1) / factorial(a + b) if b else 0.0
    return gain, loss


@lru_cache(maxsize=16)
def _table(conditions: int) -> Floats:
    """Return Shapley values of a leaf of value 1, by (background's failures, row's failures, condition)."""
    masks = np.arange(1 << conditions, dtype=np.uint64)
    behind, row = masks[:, None], masks[None, :]
    gain, loss = _weights(conditions)
    a, b = np.bitwise_count(behind), np.bitwise_count(row)
    bits = (masks[:, None] >> np.arange(conditions, dtype=np.uint64)) & np.uint64(1)
    reachable = (behind & row) == 0
    a, b = np.where(reachable, a, 0), np.where(reachable, b, 0)
    table = gain[a, b][..., None] * bits[:, None, :] - loss[a, b][..., None] * bits[None, :, :]
    return np.asarray(np.where(reachable[..., None], table, 0.0))


def _by_table(leaves: Leaves, row: Masks, behind: Masks, weights: Floats, values: Floats) -> None:
    size, conditions = 1 << leaves.conditions, leaves.conditions
    index = np.arange(len(leaves))[:, None]
    places = (index * size + behind.astype(np.intp)).ravel()
    counts = np.bincount(places, np.broadcast_to(weights, behind.shape).ravel(), len(leaves) * size)
    tables = counts.reshape(len(leaves), size) @ _table(conditions).reshape(size, size * conditions)
    found = tables.reshape(len(leaves), size, conditions)[index, row.astype(np.intp)]
    _scatter(leaves, found, values)


def _by_pair(leaves: Leaves, row: Masks, behind: Masks, weights: Floats, values: Floats) -> None:
    """Walk over the pairs of row and background record that a leaf is in the game for."""
    gain, loss = _weights(leaves.conditions)
    found = np.zeros((*row.shape, leaves.conditions))
    for record, weight in enumerate(weights):
        fails = behind[:, record, None]
        leaf, place = np.nonzero(((row & fails) == 0) & ((row | fails) != 0))
        mine, other = row[leaf, place], behind[leaf, record]
        a, b = np.bitwise_count(other), np.bitwise_count(mine)
        up, down = weight * gain[a, b], weight * loss[a, b]
        for position in range(leaves.conditions):
            bit = np.uint64(1 << position)
            found[leaf, place, position] += up * ((other & bit) != 0) - down * ((mine & bit) != 0)
    _scatter(leaves, found, values)


def _scatter(leaves: Leaves, found: Floats, values: Floats) -> None:
    """Add values by condition, shape (n_leaves, n_rows, n_conditions), to those by feature, times the leaf's value."""
    rows, outputs, features = values.shape
    places = np.arange(rows)[None, :, None] * features + leaves.features[:, None, :]
    for output in range(outputs):
        used = leaves.value[:, output] != 0
        if used.any():
            weighted = (found[used] * leaves.value[used, output, None, None]).ravel()
            values[:, output] += np.bincount(places[used].ravel(), weighted, rows * features).reshape(rows, features)


def explain_by_cover(ensemble: TreeEnsemble, rows: Floats) -> Explanation:
    r"""Shapley values without a background: absent features follow the training rows' shares (path dependent).

    The value of a leaf's game is a product over its conditions, so that

    .. math:: \phi_j = v \int_0^1 (x_j - r_j) \prod_{k \ne j} (t x_k + (1 - t) r_k)\, dt

    with :math:`x_j` 1 where the row meets condition j and :math:`r_j` the share of training rows that did. The
    integrand is a polynomial of t: Gauss-Legendre quadrature gives it exactly.

    Parameters
    ----------
    ensemble : TreeEnsemble
        With the `cover` of every node.
    rows : ndarray, shape (n_rows, n_features)

    Returns
    -------
    Explanation
        ``expected`` is the mean over the training rows as the covers have them.
    """
    left = ensemble.goes_left(rows)
    values = np.zeros((len(rows), ensemble.outputs, rows.shape[1]))
    expected = ensemble.base.copy()
    for group in leaves_of(ensemble):
        expected += group.shares.prod(axis=1) @ group.value
        for leaves in group.blocks(len(rows)):
            _scatter(leaves, _by_shares(leaves, leaves.failures(left)), values)
    return Explanation(values, expected)


def _by_shares(leaves: Leaves, failures: Masks) -> Floats:
    conditions = leaves.conditions
    positions = np.arange(conditions, dtype=np.uint64)
    meets = 1.0 - ((failures[..., None] >> positions) & np.uint64(1)).astype(np.float64)
    shares = leaves.shares[:, None, :]
    nodes, weights = np.polynomial.legendre.leggauss((conditions + 1) // 2 or 1)
    found = np.zeros_like(meets)
    for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        factors = np.maximum(node * meets + (1 - node) * shares, TINY)
        found += weight * factors.prod(axis=2, keepdims=True) / factors
    return (meets - shares) * found
