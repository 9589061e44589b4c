"""The local engine: one pass over the data for all monitors that are due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from monitoring_core.dataset.batch import Batch
from monitoring_core.fold import Fold


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a monitor has no state.

    Attributes
    ----------
    error : str
        Name of the exception's class.
    message : str
        What it said.
    """

    error: str
    message: str


def fold_all(
    folds: Mapping[str, Fold[Any]], batches: Iterable[Batch], failures: dict[str, Failure] | None = None
) -> dict[str, Any]:
    """Fold batches, each read once, into the states of several monitors.

    Parameters
    ----------
    folds : mapping of str to Fold
        By the name of the monitor.
    batches : iterable of Batch
        To be read once.
    failures : dict, optional
        Takes monitors that cannot be computed on this data, so that one does not stop the others.

    Returns
    -------
    dict of str to state
        One per monitor that is not among `failures`.

    Raises
    ------
    ColumnNotFoundError, DataError
        If a monitor cannot be computed and `failures` is not given; and whatever reading the batches raises.
    """
    states = {name: fold.empty() for name, fold in folds.items()}
    for batch in batches:
        for name in list(states):
            try:
                states[name] = states[name].merge(folds[name].observe(batch))
            except Exception as error:  # whatever a monitor of the user's does
                if failures is None:
                    raise
                failures[name] = Failure(type(error).__name__, str(error))
                del states[name]
    return states
