"""TreeEnsemble: decision trees as flat arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitoring_core.explain.model import Floats, Link

Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]

BLOCK: Final = 8_000_000
"""Values worked on at once; bounds memory."""

ZERO: Final = 1e-35
"""LightGBM takes numbers this small for zero."""


@dataclass(frozen=True, eq=False)
class TreeEnsemble:
    """Sum of decision trees, all nodes of all trees in one set of arrays of length n_nodes.

    A row goes left where its value is ``<= threshold`` or, at a node with categories, where the category is among
    them. A missing value goes to `default_left`'s side.

    Attributes
    ----------
    roots : ndarray of int, shape (n_trees,)
    feature : ndarray of int
        Column that a node looks at; -1 for a leaf.
    threshold : ndarray of float
    left, right : ndarray of int
        Children; a leaf has itself.
    default_left : ndarray of bool
    value : ndarray of float, shape (n_nodes, n_outputs)
        What a leaf adds to the raw scores; 0 elsewhere.
    cover : ndarray of float
        Weight of the training rows that came by; only `explain_by_cover` needs it.
    base : ndarray of float, shape (n_outputs,)
    categories : ndarray of bool, shape (n_sets, n_categories)
        Sets of category codes that go left.
    category_set : ndarray of int
        Which of these sets a node uses; -1 for a threshold.
    zero_is_missing, missing_is_zero : ndarray of bool
        Nodes at which 0 counts as missing, or a missing value as 0 (LightGBM).
    single_precision : bool
        Values are rounded to 32 bits before they are compared, as XGBoost and ONNX do.
    """

    roots: Ints
    feature: Ints
    threshold: Floats
    left: Ints
    right: Ints
    default_left: Bools
    value: Floats
    cover: Floats
    base: Floats
    categories: Bools
    category_set: Ints
    zero_is_missing: Bools
    missing_is_zero: Bools
    link: Link = Link.IDENTITY
    features: tuple[str, ...] = ()
    single_precision: bool = False

    @property
    def outputs(self) -> int:
        """Scores per row."""
        return int(self.base.size)

    @cached_property
    def splits(self) -> tuple[tuple[int, Ints], ...]:
        """Columns that are looked at, each with the nodes that do."""
        inner = np.flatnonzero(self.feature >= 0)
        return tuple((int(column), inner[self.feature[inner] == column]) for column in np.unique(self.feature[inner]))

    @cached_property
    def depth(self) -> int:
        """Questions on the longest path."""
        level, depth = self.roots, 0
        while (self.feature[level] >= 0).any():
            inner = level[self.feature[level] >= 0]
            level, depth = np.concatenate([self.left[inner], self.right[inner]]), depth + 1
        return depth

    def raw(self, rows: Floats, /) -> Floats:
        """Return raw scores, before the link."""
        step = max(1, BLOCK // self.feature.size)
        blocks = [self._raw(rows[start : start + step]) for start in range(0, len(rows), step)]
        return np.concatenate(blocks) if blocks else np.empty((0, self.outputs))

    def predict(self, rows: Floats, /) -> Floats:
        """Return outputs, shape (n_rows, n_outputs)."""
        return self.link.apply(self.raw(rows))

    def goes_left(self, rows: Floats) -> Bools:
        """Whether each row would go left at each inner node.

        Returns
        -------
        ndarray of bool, shape (n_nodes, n_rows)
            False at leaves.
        """
        values = rows.astype(np.float32).astype(np.float64) if self.single_precision else rows
        left = np.zeros((self.feature.size, len(rows)), dtype=bool)
        for column, nodes in self.splits:
            left[nodes] = self._decide(nodes, values[:, column])
        return left

    def _decide(self, nodes: Ints, values: Floats) -> Bools:
        decided = values[None, :] <= self.threshold[nodes, None]
        missing = np.isnan(values)
        if missing.any():
            as_zero = self.missing_is_zero[nodes]
            decided |= missing & (as_zero & (self.threshold[nodes] >= 0))[:, None]
            decided |= missing & (~as_zero & self.default_left[nodes])[:, None]
        if self.zero_is_missing[nodes].any():
            by_default = (np.abs(values) <= ZERO) & self.zero_is_missing[nodes, None]
            decided = np.where(by_default, self.default_left[nodes, None], decided)
        listed = np.flatnonzero(self.category_set[nodes] >= 0)
        if listed.size:
            decided[listed] = self._in_set(nodes[listed], values)
        return np.asarray(decided)

    def _in_set(self, nodes: Ints, values: Floats) -> Bools:
        size = self.categories.shape[1]
        known = (values >= 0) & (values < size)  # False for missing
        codes = np.where(known, values, 0).astype(np.intp)
        member = self.categories[self.category_set[nodes]][:, codes] & known[None, :]
        return np.where(np.isnan(values)[None, :], self.default_left[nodes, None], member)

    def _raw(self, rows: Floats) -> Floats:
        left = self.goes_left(rows).ravel()
        children = np.stack([self.right, self.left], axis=1).ravel()
        columns = np.arange(len(rows))
        node = np.repeat(self.roots[:, None], len(rows), axis=1)
        for _ in range(self.depth):
            node = children.take(2 * node + left.take(node * len(rows) + columns))
        return np.asarray(self.base + self.value.take(node, axis=0).sum(axis=0))
