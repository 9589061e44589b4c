"""Fold: one monitor held against one baseline, in the steps that every engine takes.

::

    fold = fold_of(spec, Against(baseline.files))     # monitoring_core.kinds
    part = fold.observe(batch)                        # anywhere, in any order
    state = fold.empty().merge(part).merge(fold.load(body_of_another_part))
    analysis = fold.conclude(state)

A process, a Lambda function and a Spark task differ only in which batches they observe and in how the bytes of their
states reach the one that concludes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from monitoring_core.dataset.batch import Batch
from monitoring_core.monitors.analysis import Analysis
from monitoring_core.monitors.base import State
from monitoring_core.stats.mergeable import merge_all

S = TypeVar("S", bound=State)


class Fold(Protocol[S]):
    """A monitor and the baseline it is held against.

    Whatever way the rows are split, merged states conclude in the same verdict: integers are equal, floats agree up
    to the order of their additions.
    """

    def empty(self) -> S:
        """Return the state of no rows."""
        ...

    def observe(self, batch: Batch, /) -> S:
        """Return the state of one batch.

        Raises
        ------
        ColumnNotFoundError
            If a column is not in the data.
        DataError
            If the values are not what the monitor needs.
        """
        ...

    def dump(self, state: S, /) -> bytes:
        """Write a state; equal states with their keys in the same order give the same bytes."""
        ...

    def load(self, body: bytes, /) -> S:
        """Read what `dump` wrote.

        Raises
        ------
        IncompatibleStatesError
            If it is no state of this monitor, or was written by another version.
        """
        ...

    def conclude(self, state: S, /) -> Analysis:
        """Hold a finished state against the baseline."""
        ...


def analyse(fold: Fold[S], batches: Iterable[Batch]) -> Analysis:
    """Observe batches one after the other, and conclude.

    Examples
    --------
    >>> from monitoring_core.dataset.types import column_from_texts
    >>> from monitoring_core.kinds import Against, GoodData, fold_of, make_files
    >>> from monitoring_core.spec import DataQualitySpec
    >>> batch = Batch({"x": column_from_texts(["1", "2", "3"])})
    >>> files, _ = make_files(DataQualitySpec(), GoodData([[batch]]))
    >>> analyse(fold_of(DataQualitySpec(), Against(files)), [batch]).evaluation.outcome.name
    'PASSED'
    """
    return fold.conclude(merge_all(map(fold.observe, batches), fold.empty()))
