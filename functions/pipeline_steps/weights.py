"""The weight of every row of the training files, where bias is to be mitigated."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitoring_core.dataset import Source, read_dataset
from monitoring_core.errors import DataError
from monitoring_core.measures.reweighing import reweighing
from monitoring_core.monitors.model_bias.levels import ABOVE, EQUAL, MISSING, OTHER, every_value, levels_of
from monitoring_core.spec import ColumnSelection

COLUMN: Final = "sample_weight"
"""Last column of the training files, where there are weights."""

_SPELLED: Final[Mapping[str, str]] = {OTHER: "others", EQUAL: "chosen", ABOVE: "chosen"}


def add_weights(files: Sequence[Path], facet: ColumnSelection, label: str) -> list[dict[str, object]]:
    """Append the column `COLUMN` to training files, by the groups of a facet in all of them together.

    A row without a value in the facet's column weighs 1 and counts for nothing.

    Returns
    -------
    list of dict
        Each combination once: ``group``, ``label``, ``rows``, ``weight``.

    Raises
    ------
    DataError
        If a group lacks a label, or the files have such a column already.
    """
    read = [_groups_and_labels(path, facet, label) for path in files]
    groups, labels = (np.concatenate(side) for side in zip(*read, strict=True))
    known = groups != MISSING
    weights = np.ones(groups.size)
    weights[known] = reweighing(groups[known], labels[known])
    ends = np.cumsum([group.size for group, _ in read])
    for path, part in zip(files, np.split(weights, ends[:-1]), strict=True):
        _append(path, part)
    return list(_summary(groups[known], labels[known], weights[known]))


def _groups_and_labels(path: Path, facet: ColumnSelection, label: str) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
    groups, labels = [np.array([], dtype=np.str_)], [np.array([], dtype=np.str_)]
    for batch in read_dataset(Source.of(path)):
        for levels, into in ((levels_of(batch[facet.column], facet), groups), (every_value(batch[label]), labels)):
            names = [_SPELLED.get(name, name) for name in levels.names]
            into.append(np.array(names, dtype=np.str_)[levels.codes])
    return np.concatenate(groups), np.concatenate(labels)


def _append(path: Path, weights: NDArray[np.float64]) -> None:
    weighed = path.with_suffix(".weighed")
    with path.open(newline="") as source, weighed.open("w", newline="") as target:
        reader, writer = csv.reader(source), csv.writer(target, lineterminator="\n")
        header = next(reader)
        if COLUMN in header:
            raise DataError(f"the training set has a column {COLUMN!r} of its own; rename it, or drop `reweighing`")
        writer.writerow([*header, COLUMN])
        writer.writerows([*row, weight] for row, weight in zip(reader, weights.tolist(), strict=True))
    weighed.replace(path)


def _summary(
    groups: NDArray[np.str_], labels: NDArray[np.str_], weights: NDArray[np.float64]
) -> Iterator[dict[str, object]]:
    for group in np.unique(groups).tolist():
        for label in np.unique(labels).tolist():
            cell = (groups == group) & (labels == label)
            yield {
                "group": group,
                "label": label,
                "rows": int(cell.sum()),
                "weight": float(weights[cell][0]),
            }
