"""Skew of the feature pipeline: what was served against what the training transformation computes."""

from __future__ import annotations

import numpy as np

from monitoring_core.dataset.batch import Batch, Column
from monitoring_core.errors import DataError
from monitoring_core.monitors.loading import load_function
from monitoring_core.monitors.segments import labels
from monitoring_core.spec.data_integrity import DataIntegritySpec, TransformationSkew
from monitoring_core.stats.share import Share


def skews(spec: DataIntegritySpec, batch: Batch) -> dict[str, Share]:
    """Return the share of differing rows by served feature; a pair is left out where there is no transformed column.

    Raises
    ------
    ColumnNotFoundError
        If a column is not in the batch.
    DataError
        If the transformation does not return a batch of as many rows.
    """
    found = {
        pair.served: differing(batch[pair.served], batch[pair.trained], pair.tolerance)
        for pair in spec.skew
        if pair.trained in batch.columns
    }
    if spec.transformation is not None:
        transformed = load_function(spec.transformation)(batch)
        if not isinstance(transformed, Batch) or len(transformed) != len(batch):
            raise DataError(
                f"{spec.transformation} returned {type(transformed).__name__} for a batch of {len(batch)} rows; "
                "it must return a Batch of as many rows"
            )
        for name, column in transformed.columns.items():
            found[name] = differing(batch[name], column, TransformationSkew(served=name, trained=name).tolerance)
    return found


def differing(served: Column, trained: Column, tolerance: float) -> Share:
    """Count the rows in which two columns differ; missing equals missing, and nothing else.

    Examples
    --------
    >>> from monitoring_core.dataset.types import column_from_texts
    >>> columns = [column_from_texts(texts) for texts in (["1", "2", None, "a"], ["1.0", "2.1", "3", "a"])]
    >>> differing(*columns, 1e-6)
    Share(part=2, whole=4)
    """
    one, other = served.numbers, trained.numbers
    numeric = ~(np.isnan(one) | np.isnan(other))
    with np.errstate(invalid="ignore"):
        close = np.abs(one - other) <= tolerance * np.maximum(1.0, np.abs(other))
    equal = numeric & close
    if not numeric.all():
        equal[~numeric] = labels(served)[~numeric] == labels(trained)[~numeric]
    return Share(int(np.count_nonzero(~equal)), len(served))
