"""Fit a baseline to a data set that the function does not hold."""

from __future__ import annotations

from functions.analyzer.job.tree import JobTree
from functions.common.fitting import fit
from functions.common.work import DATASET, MODEL
from monitoring_core.dataset import Source
from monitoring_core.errors import ConfigError
from monitoring_core.explain.archive import find_model_file


def fit_baseline(tree: JobTree) -> str:
    """Make the baseline that was ordered; return a sentence about it.

    Raises
    ------
    ConfigError
        If there is no order, or no data set.
    DataError, NoDataError
        If the data set cannot be read.
    """
    order, data, model = tree.order(), tree.only_file(DATASET), tree.only_file(MODEL)
    if data is None:
        raise ConfigError(f"the input `{DATASET}` is empty; it must hold the file {order.dataset}")
    model_file = find_model_file(model.read_bytes(), model.name) if model else None
    made = fit(order, Source(order.dataset, data), model_file)
    tree.write_baseline(made)
    return f"Completed: baseline {made.files.baseline_id} of {made.rows} rows, {made.unreadable_rows} left out"
