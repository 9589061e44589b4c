"""Fit a baseline to a data set: the same in a Lambda function and in a job."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Final, Literal

from pydantic import Field

from functions.common.contract import Utc
from monitoring_core.artifacts import make_baseline
from monitoring_core.baseline_files import BaselineFiles
from monitoring_core.dataset import Quarantine, Source, read_dataset
from monitoring_core.errors import DataError
from monitoring_core.spec import Frozen, MonitorSpec

MAX_UNREADABLE_SHARE: Final = 0.01
"""A baseline is made of good data: with more unreadable rows than this something is wrong with the file."""


class FitOrder(Frozen):
    """What decides a baseline beside the data.

    Attributes
    ----------
    model, dataset : str
        What the baseline is bound to.
    time_column : str
        Groups the rows into windows of `period_seconds`; empty: all are one window.
    compat : str
        ``aws``: as Amazon's analyzer does it.
    """

    spec: MonitorSpec
    model: str
    dataset: str
    time_column: str = ""
    period_seconds: int = Field(gt=0)
    compat: Literal["", "aws"] = ""
    created_at: Utc


@dataclass(frozen=True, slots=True)
class MadeBaseline:
    """A baseline, and how many rows of its data set were left out because they cannot be read."""

    files: BaselineFiles
    unreadable_rows: int = 0

    @property
    def rows(self) -> int:
        """Rows that the baseline rests on."""
        return self.files.info.rows if self.files.info else 0


def fit(order: FitOrder, data: Source, model_file: bytes | None = None) -> MadeBaseline:
    """Make the baseline of a data set.

    Parameters
    ----------
    data : Source
        The data set.
    model_file : bytes, optional
        The model, for a monitor that asks it.

    Raises
    ------
    DataError, NoDataError
        If it cannot be read, or is more than `MAX_UNREADABLE_SHARE` garbage.
    """
    quarantine = Quarantine()
    baseline = make_baseline(
        order.spec,
        read_dataset(data, quarantine=quarantine),
        model=order.model,
        dataset=order.dataset,
        dataset_sha256=_digest(data),
        created_at=order.created_at,
        time_column=order.time_column or None,
        period=timedelta(seconds=order.period_seconds),
        model_file=model_file,
        compat=order.compat == "aws",
    )
    made = MadeBaseline(baseline, quarantine.count)
    _refuse_bad_data(order.dataset, quarantine, made)
    return made


def _digest(data: Source) -> str:
    """Return the SHA-256 of the stored bytes; those of a file are never held whole."""
    with BytesIO(data.data) if isinstance(data.data, bytes) else data.data.open("rb") as stored:
        return hashlib.file_digest(stored, "sha256").hexdigest()


def _refuse_bad_data(dataset: str, quarantine: Quarantine, made: MadeBaseline) -> None:
    total = made.rows + made.unreadable_rows
    if made.unreadable_rows > MAX_UNREADABLE_SHARE * total:
        reason, n = quarantine.by_reason.most_common(1)[0]
        raise DataError(
            f"{made.unreadable_rows} of {total} rows of {dataset} cannot be read, more than "
            f"{MAX_UNREADABLE_SHARE:.0%}; {n} times: {reason}, first in line {quarantine.examples[0].line}; "
            "correct the file and deploy again"
        )
