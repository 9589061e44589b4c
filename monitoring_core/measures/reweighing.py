"""Weights that make a group and a label independent before a model is trained."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitoring_core.errors import DataError


def reweighing(groups: ArrayLike, labels: ArrayLike) -> NDArray[np.float64]:
    r"""Weight of every row by which group and label become independent.

    .. math:: w(a, y) = \frac{P(a)\,P(y)}{P(a, y)}

    Rows of a combination that is rarer than it would be without bias get more than 1, the others less. The sum over the
    rows of each group, and of each label, stays the number of those rows.

    Parameters
    ----------
    groups, labels : array-like, shape (n,)
        Two or more values each; they are only compared.

    Returns
    -------
    ndarray of float64, shape (n,)
        Positive.

    Raises
    ------
    DataError
        If the lengths differ, or a group lacks a label: no weights of its rows could make up for that.

    References
    ----------
    .. [1] Kamiran & Calders (2012), Data preprocessing techniques for classification without discrimination,
       Knowledge and Information Systems 33.

    Examples
    --------
    The ten applicants of the paper, five women (two accepted) and five men (four accepted):

    >>> sex, accepted = list("fffffmmmmm"), [1, 1, 0, 0, 0, 1, 1, 1, 1, 0]
    >>> reweighing(sex, accepted).round(2).tolist()
    [1.5, 1.5, 0.67, 0.67, 0.67, 0.75, 0.75, 0.75, 0.75, 2.0]
    """
    group_values, group = np.unique(np.asarray(groups), return_inverse=True)
    label_values, label = np.unique(np.asarray(labels), return_inverse=True)
    if group.size != label.size:
        raise DataError(f"groups and labels must have one value per row, got {group.size} and {label.size}")
    counts = np.zeros((group_values.size, label_values.size))
    np.add.at(counts, (group, label), 1)
    empty = np.argwhere(counts == 0)
    if empty.size:
        place, other = empty[0]
        raise DataError(
            f"no row of the group {group_values[place]} has the label {label_values[other]}, so no weights make group "
            "and label independent; choose the group otherwise, or take more rows"
        )
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / max(1, group.size)
    return np.asarray((expected / counts)[group, label])
