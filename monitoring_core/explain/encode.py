"""From typed columns to the matrix a model takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from monitoring_core.dataset.batch import Batch, Column, TypeCode
from monitoring_core.errors import DataError
from monitoring_core.explain.model import Floats, Model


def encode(batch: Batch, features: Sequence[str], levels: Mapping[int, tuple[str, ...]] | None = None) -> Floats:
    """Return the columns as numbers; a missing value is ``nan``.

    ``true`` and ``false`` are 1 and 0. Texts become the codes that the model file gives them; one that it does not
    know is ``nan``, as is missing (see `unreadable` and `require_codes`).

    Parameters
    ----------
    batch : Batch
    features : sequence of str
        Columns in the model's order.
    levels : mapping of column index to texts, optional
        From the model file; numbers in such a column are codes already.

    Returns
    -------
    ndarray, shape (n_rows, n_features)

    Raises
    ------
    ColumnNotFoundError
        If the data lacks a column.

    Examples
    --------
    >>> from monitoring_core.dataset.types import column_from_texts
    >>> batch = Batch({"age": column_from_texts(["41", ""]), "carrier": column_from_texts(["YV", "AA"])})
    >>> encode(batch, ["age", "carrier"], {1: ("AA", "UA", "YV")}).tolist()
    [[41.0, 2.0], [nan, 0.0]]
    """
    columns = [_numbers(batch[name], (levels or {}).get(index, ())) for index, name in enumerate(features)]
    return np.stack(columns, axis=1) if columns else np.empty((len(batch), 0))


def unreadable(batch: Batch, features: Sequence[str], levels: Mapping[int, tuple[str, ...]]) -> NDArray[np.bool_]:
    """Return which rows have a text where a number belongs; the other rows can be encoded.

    Examples
    --------
    >>> from monitoring_core.dataset.types import column_from_texts
    >>> unreadable(Batch({"age": column_from_texts(["41", "?", ""])}), ["age"], {}).tolist()
    [False, True, False]
    """
    found = np.zeros(len(batch), dtype=bool)
    for index, name in enumerate(features):
        if index not in levels:
            found |= batch[name].codes == TypeCode.STRING
    return found


def order_of(columns: Sequence[str], model: Model) -> tuple[str, ...]:
    """Return columns in the order of the model's input: by name if it names them all, else as they are.

    Raises
    ------
    DataError
        If the model names other columns, and not as many.

    Examples
    --------
    >>> from monitoring_core.explain.model import CallableModel
    >>> order_of(["sex", "age", "id"], CallableModel(len, ("age", "sex")))
    ('age', 'sex')
    >>> order_of(["sex", "age"], CallableModel(len, ("f0", "f1")))
    ('sex', 'age')
    """
    if model.features and set(model.features) <= set(columns):
        return model.features
    if model.features and len(model.features) != len(columns):
        raise DataError(
            f"the model takes the {len(model.features)} features {', '.join(model.features)}; the data has the "
            f"{len(columns)} columns {', '.join(columns)}; name the features"
        )
    return tuple(columns)


def require_codes(batch: Batch, features: Sequence[str], levels: Mapping[int, tuple[str, ...]]) -> None:
    """Make sure that the model file says what texts mean.

    Raises
    ------
    DataError
        If a column has texts, and it does not.
    """
    for index, name in enumerate(features):
        column = batch[name]
        worded = np.flatnonzero(column.codes == TypeCode.STRING)
        if index not in levels and worded.size and column.texts is not None:
            raise DataError(
                f"column {name!r} has texts, e.g. {column.texts[worded[0]]!r}, and the model file does not say which "
                "codes they have; give encoded data, or a model file with its categories (XGBoost 3.1 or LightGBM "
                "trained on pandas categories, or 'levels' in a linear model)"
            )


def _numbers(column: Column, levels: tuple[str, ...]) -> Floats:
    worded = (column.codes == TypeCode.STRING) | (column.codes == TypeCode.BOOLEAN)
    if column.texts is None or not worded.any():
        return column.numbers
    values = column.numbers.copy()
    codes = {"true": 1.0, "false": 0.0} | {text: float(code) for code, text in enumerate(levels)}
    values[worded] = [codes.get(text, np.nan) for text in column.texts[worded]]
    return values
