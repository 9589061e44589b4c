"""Single trees, as artifacts store them, joined to one ensemble."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from monitoring_core.errors import UnsupportedFormatError
from monitoring_core.explain.model import Floats, Link
from monitoring_core.explain.trees import Bools, Ints, TreeEnsemble


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """One tree; node 0 is the root, children are indices into its own arrays, a leaf has a negative feature.

    Attributes
    ----------
    value : ndarray, shape (n_nodes, n_outputs)
    left_categories : mapping of node to codes
        Category codes that go left, for the nodes that ask for a category.
    """

    feature: Ints
    threshold: Floats
    left: Ints
    right: Ints
    default_left: Bools
    value: Floats
    cover: Floats
    zero_is_missing: Bools
    missing_is_zero: Bools
    left_categories: dict[int, list[int]] = field(default_factory=dict)


def join_trees(
    trees: Sequence[Tree],
    base: Floats,
    *,
    link: Link,
    features: tuple[str, ...] = (),
    single_precision: bool = False,
) -> TreeEnsemble:
    """Join trees whose raw scores are added.

    Raises
    ------
    UnsupportedFormatError
        If there is no tree, or a tree is not one: a child before its parent, or outside.
    """
    if not trees:
        raise UnsupportedFormatError("the model has no trees; train it before it is saved")
    starts = np.cumsum([0, *(tree.feature.size for tree in trees)])
    for index, tree in enumerate(trees):
        _check(tree, index)
    sets, category_set = _category_sets(trees, starts)
    return TreeEnsemble(
        roots=starts[:-1].astype(np.intp),
        feature=np.concatenate([tree.feature for tree in trees]),
        threshold=np.concatenate([tree.threshold for tree in trees]),
        left=_shifted([tree.left for tree in trees], trees, starts),
        right=_shifted([tree.right for tree in trees], trees, starts),
        default_left=np.concatenate([tree.default_left for tree in trees]),
        value=np.concatenate([tree.value for tree in trees]),
        cover=np.concatenate([tree.cover for tree in trees]),
        base=base,
        categories=sets,
        category_set=category_set,
        zero_is_missing=np.concatenate([tree.zero_is_missing for tree in trees]),
        missing_is_zero=np.concatenate([tree.missing_is_zero for tree in trees]),
        link=link,
        features=features,
        single_precision=single_precision,
    )


def _check(tree: Tree, index: int) -> None:
    """Children come after their parent in every format read here; so there is no cycle."""
    split = np.flatnonzero(tree.feature >= 0)
    children = np.concatenate([tree.left[split], tree.right[split]])
    if tree.feature.size == 0 or (children <= np.tile(split, 2)).any() or (children >= tree.feature.size).any():
        raise UnsupportedFormatError(f"tree {index} of the model is damaged: its nodes are not in order; save it again")


def _shifted(children: list[Ints], trees: Sequence[Tree], starts: Ints) -> Ints:
    """Return children by their number over all trees; a leaf is its own child."""
    local = [
        np.where(tree.feature >= 0, child, np.arange(tree.feature.size))
        for child, tree in zip(children, trees, strict=True)
    ]
    return np.concatenate([child + start for child, start in zip(local, starts, strict=False)])


def _category_sets(trees: Sequence[Tree], starts: Ints) -> tuple[Bools, Ints]:
    found = {
        int(start) + node: codes
        for tree, start in zip(trees, starts, strict=False)
        for node, codes in tree.left_categories.items()
    }
    size = 1 + max((code for codes in found.values() for code in codes), default=0)
    sets = np.zeros((len(found), size), dtype=bool)
    category_set = np.full(int(starts[-1]), -1, dtype=np.intp)
    for index, (node, codes) in enumerate(found.items()):
        sets[index, codes] = True
        category_set[node] = index
    return sets, category_set
