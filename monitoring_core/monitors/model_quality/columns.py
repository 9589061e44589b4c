"""Labels, predictions and probabilities: which columns hold them, and what their values mean."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitoring_core.dataset.batch import Batch, Column
from monitoring_core.errors import ColumnNotFoundError
from monitoring_core.spec.model_quality import ModelQualitySpec

GROUND_TRUTH: Final = "ground_truth"
"""Name of the label where neither an attribute nor the schema names it."""

MISSING: Final = -1

_BOOLEANS: Final = {"true": "1", "false": "0"}
_PATH_PARTS: Final = re.compile(r"[^.\[\]'\"$*@]+")
_WIDEST_TABLE: Final = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Classes:
    """The class of each row, as a position in `names`; `MISSING` where there is none."""

    names: tuple[str, ...]
    index: NDArray[np.intp]

    def is_class(self, name: str) -> NDArray[np.bool_]:
        """Return which rows are of one class."""
        return self.index == self.names.index(name) if name in self.names else np.zeros(self.index.size, dtype=bool)


def find_column(batch: Batch, attribute: str) -> Column:
    """Return the column of an attribute: its name, the path of a JSON value, or its position as text.

    Raises
    ------
    ColumnNotFoundError
        If there is no such column.

    Examples
    --------
    >>> from monitoring_core.dataset.types import column_from_texts
    >>> batch = Batch({"answer_score": column_from_texts(["0.5"]), "answer_label": column_from_texts(["1"])})
    >>> [find_column(batch, name).numbers.item() for name in ("answer_score", "$.answer.score", "1")]
    [0.5, 0.5, 1.0]
    """
    if attribute in batch.columns:
        return batch[attribute]
    parts = _PATH_PARTS.findall(attribute)
    for start in range(len(parts)):  # a row of a list is named from its own element on
        name = "_".join(parts[start:])
        if name in batch.columns:
            return batch[name]
    columns = list(batch.columns.values())
    if attribute.isdecimal() and int(attribute) < len(columns):
        return columns[int(attribute)]
    raise ColumnNotFoundError(attribute, batch.columns)


def label_column(spec: ModelQualitySpec) -> str:
    """Return the attribute of the label."""
    return spec.ground_truth_attribute or spec.columns.label or GROUND_TRUTH


def normalise(text: str) -> str:
    """Spell a label in one way: numbers plainly, true and false as 1 and 0, without blanks around.

    Examples
    --------
    >>> [normalise(text) for text in ("1", " 1.0", "1e0", "True", "0.50", "setosa", "-0")]
    ['1', '1', '1', '1', '0.5', 'setosa', '0']
    """
    stripped = text.strip()
    try:
        number = float(stripped)
    except ValueError:
        return _BOOLEANS.get(stripped.lower(), stripped)
    return _spell(number) if math.isfinite(number) else stripped


def classes_of(column: Column) -> Classes:
    """Read a column as classes.

    Examples
    --------
    >>> from monitoring_core.dataset.types import column_from_texts
    >>> classes = classes_of(column_from_texts(["1", None, "true", "x", "1.0"]))
    >>> classes.names, classes.index.tolist()
    (('1', 'x'), [0, -1, 0, 1, 0])
    """
    if column.texts is None:
        return _numbered(column.numbers)
    names: dict[str, int] = {}
    places: dict[str | None, int] = {None: MISSING}
    for text in dict.fromkeys(column.texts.tolist()):
        if text is not None:
            places[text] = names.setdefault(normalise(text), len(names))
    index = np.fromiter(map(places.__getitem__, column.texts), dtype=np.intp, count=len(column))
    return Classes(tuple(names), index)


def numbers_of(column: Column) -> NDArray[np.float64]:
    """Read a column as finite numbers, ``nan`` where a value is none.

    Examples
    --------
    >>> from monitoring_core.dataset.types import column_from_texts
    >>> numbers_of(column_from_texts(["1", ".5 ", "x", None, "inf"])).tolist()
    [1.0, 0.5, nan, nan, nan]
    """
    if column.texts is None:
        return column.numbers
    values = {text: _number(text) for text in dict.fromkeys(column.texts.tolist())}
    return np.fromiter(map(values.__getitem__, column.texts), dtype=np.float64, count=len(column))


class UsableRows(NamedTuple):
    """The rows of a batch that have label and prediction.

    Attributes
    ----------
    predictions : Classes or None
        Where the specification names a column of classes.
    scores : ndarray
        Empty where the specification names none.
    unusable : int
        The other rows.
    """

    labels: Classes
    predictions: Classes | None
    scores: NDArray[np.float64]
    unusable: int


def usable_rows(spec: ModelQualitySpec, batch: Batch) -> UsableRows:
    """Read labels, predictions and scores.

    Raises
    ------
    ColumnNotFoundError
        If an attribute has no column.
    """
    labels, predictions = classes_of(find_column(batch, label_column(spec))), None
    scores: NDArray[np.float64] = np.empty(0)
    usable = labels.index != MISSING
    if spec.probability_attribute is not None:
        scores = numbers_of(find_column(batch, spec.probability_attribute))
        usable &= ~np.isnan(scores)
    if spec.inference_attribute is not None:
        predictions = classes_of(find_column(batch, spec.inference_attribute))
        usable &= predictions.index != MISSING
    if usable.all():
        return UsableRows(labels, predictions, scores, 0)
    kept = np.flatnonzero(usable)
    return UsableRows(
        Classes(labels.names, labels.index[kept]),
        None if predictions is None else Classes(predictions.names, predictions.index[kept]),
        scores[kept] if scores.size else scores,
        len(batch) - kept.size,
    )


def _numbered(numbers: NDArray[np.float64]) -> Classes:
    present = ~np.isnan(numbers)
    index = np.full(numbers.size, MISSING, dtype=np.intp)
    values, places = _distinct(numbers[present])
    index[present] = places
    return Classes(tuple(map(_spell, values.tolist())), index)


def _distinct(numbers: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.integer[Any]]]:
    """Return the distinct numbers and the place of each; without a sort where they are small integers."""
    low, high = (numbers.min(), numbers.max()) if numbers.size else (0.0, 0.0)
    if high - low < _WIDEST_TABLE:
        whole = numbers.astype(np.int64) if max(abs(low), abs(high)) < 2**53 else np.empty(0)
        if np.array_equal(whole, numbers):
            offset = whole - int(low)
            seen = np.bincount(offset, minlength=1) > 0
            return np.flatnonzero(seen) + low, (np.cumsum(seen) - 1)[offset]
    return np.unique(numbers, return_inverse=True)


def _spell(number: float) -> str:
    return str(int(number)) if number == int(number) else repr(number)


def _number(text: str | None) -> float:
    try:
        number = float(text) if text is not None else math.nan
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan
