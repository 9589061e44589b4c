"""Leaves: what a row must satisfy to reach each leaf, one condition per feature.

A feature may be asked several times on one path; together these questions are one condition. Its *position* is
that of its first question. Whether a row fails the conditions of a leaf is a bit mask over positions, and Shapley
values depend on a row only through these masks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitoring_core.errors import UnsupportedFormatError
from monitoring_core.explain.model import Floats
from monitoring_core.explain.trees import BLOCK, Bools, Ints, TreeEnsemble

MAX_CONDITIONS: Final = 63

Masks = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class Leaves:
    """Leaves with the same number of conditions.

    Attributes
    ----------
    value : ndarray, shape (n_leaves, n_outputs)
    features : ndarray of int, shape (n_leaves, n_conditions)
        Column of each condition.
    shares : ndarray of float, shape (n_leaves, n_conditions)
        Share of the training rows that meet the condition's questions, each among those that came there.
    nodes, wants_left, positions : ndarray, shape (n_leaves, depth)
        The questions from the root on: node, wanted answer, and its condition; short paths repeat their first.
    """

    value: Floats
    features: Ints
    shares: Floats
    nodes: Ints
    wants_left: Bools
    positions: Masks

    def __len__(self) -> int:
        return len(self.value)

    @property
    def conditions(self) -> int:
        """Conditions of each leaf."""
        return self.features.shape[1]

    def failures(self, goes_left: Bools) -> Masks:
        """Return the failed conditions of each leaf (rows of the result) by each row of data, as bit masks."""
        masks = np.zeros((len(self), goes_left.shape[1]), dtype=np.uint64)
        for nodes, wants, positions in zip(self.nodes.T, self.wants_left.T, self.positions.T, strict=True):
            failed = goes_left[nodes] != wants[:, None]
            masks |= failed.astype(np.uint64) << positions[:, None]
        return masks

    def blocks(self, rows: int) -> Iterator[Leaves]:
        """Yield parts that are small enough to be worked on for so many rows at once."""
        step = max(1, BLOCK // max(1, rows * max(1, self.conditions)))
        for start in range(0, len(self), step):
            part = slice(start, start + step)
            yield Leaves(
                self.value[part],
                self.features[part],
                self.shares[part],
                self.nodes[part],
                self.wants_left[part],
                self.positions[part],
            )


def leaves_of(ensemble: TreeEnsemble) -> list[Leaves]:
    """Return all leaves that add something, grouped by their number of conditions; a bare root has none.

    Raises
    ------
    UnsupportedFormatError
        If a path asks for more than 63 different features.
    """
    groups: dict[int, list[_Path]] = {}
    for path in _paths(ensemble):
        if len(path.features) > MAX_CONDITIONS:
            raise UnsupportedFormatError(
                f"a path of the model asks for {len(path.features)} different features; tree methods take at most "
                f"{MAX_CONDITIONS}: give the model as an endpoint or a function, or train shallower trees"
            )
        if ensemble.value[path.leaf].any():
            groups.setdefault(len(path.features), []).append(path)
    return [_grouped(ensemble, groups[size]) for size in sorted(groups)]


@dataclass(slots=True)
class _Path:
    leaf: int
    nodes: list[int]
    left: list[bool]
    positions: list[int]
    features: list[int]
    shares: list[float]


def _paths(ensemble: TreeEnsemble) -> Iterator[_Path]:
    """Walk every tree; plain lists are much faster here than arrays."""
    feature, cover = ensemble.feature.tolist(), ensemble.cover.tolist()
    children = list(zip(ensemble.left.tolist(), ensemble.right.tolist(), strict=True))
    open_paths = [_Path(root, [], [], [], [], []) for root in reversed(ensemble.roots.tolist())]
    while open_paths:
        path = open_paths.pop()
        node, asked = path.leaf, feature[path.leaf]
        if asked < 0:
            yield path
            continue
        known = asked in path.features
        position = path.features.index(asked) if known else len(path.features)
        for side in (1, 0):
            child = children[node][side]
            shares = path.shares if known else [*path.shares, 1.0]
            share = cover[child] / cover[node] if cover[node] > 0 else 0.0
            shares = [*shares[:position], shares[position] * share, *shares[position + 1 :]]
            features = path.features if known else [*path.features, asked]
            taken = ([*path.nodes, node], [*path.left, side == 0], [*path.positions, position])
            open_paths.append(_Path(child, *taken, features, shares))


def _grouped(ensemble: TreeEnsemble, paths: list[_Path]) -> Leaves:
    depth = max(len(path.nodes) for path in paths)
    count = len(paths[0].features)
    return Leaves(
        ensemble.value[[path.leaf for path in paths]],
        np.array([path.features for path in paths], dtype=np.intp).reshape(len(paths), count),
        np.array([path.shares for path in paths], dtype=np.float64).reshape(len(paths), count),
        np.array([_padded(path.nodes, depth) for path in paths], dtype=np.intp).reshape(len(paths), depth),
        np.array([_padded(path.left, depth) for path in paths], dtype=bool).reshape(len(paths), depth),
        np.array([_padded(path.positions, depth) for path in paths], dtype=np.uint64).reshape(len(paths), depth),
    )


def _padded(items: list[int] | list[bool], size: int) -> list[int]:
    """Repeat the first question; asking it again changes nothing."""
    return [*items, *([items[0]] * (size - len(items)))] if items else []
