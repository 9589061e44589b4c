"""A baseline from what the configuration gives: a data set, or files that exist already."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from functions.baseline.request import Properties
from functions.common.model_file import read_model_file
from functions.common.storage import read, sha256
from monitoring_core.artifacts import make_baseline
from monitoring_core.baseline_files import CONSTRAINTS, STATISTICS, BaselineFiles, seal
from monitoring_core.dataset import Quarantine, Source, read_dataset
from monitoring_core.errors import DataError
from monitoring_core.monitors.data_quality.analysis import load_limits, load_reference

MAX_UNREADABLE_SHARE: Final = 0.01
"""A baseline is made of good data: with more unreadable rows than this something is wrong with the file."""


@dataclass(frozen=True, slots=True)
class MadeBaseline:
    """A baseline, and how many rows of its data set were left out because they cannot be read."""

    files: BaselineFiles
    unreadable_rows: int = 0

    @property
    def rows(self) -> int:
        """Rows that the baseline rests on."""
        return self.files.info.rows if self.files.info else 0


def make(properties: Properties, created_at: datetime) -> MadeBaseline:
    """Make or import the baseline that the properties describe.

    Raises
    ------
    StorageError
        If a given file cannot be fetched.
    DataError, NoDataError, BaselineError
        If it cannot be read as what it should be.
    """
    return _from_dataset(properties, created_at) if properties.dataset else _imported(properties, created_at)


def _from_dataset(properties: Properties, created_at: datetime) -> MadeBaseline:
    body, quarantine = read(properties.dataset), Quarantine()
    baseline = make_baseline(
        properties.spec,
        read_dataset(Source(properties.dataset, body), quarantine=quarantine),
        model=properties.model,
        dataset=properties.dataset,
        dataset_sha256=sha256(body),
        created_at=created_at,
        time_column=properties.time_column or None,
        period=timedelta(seconds=properties.period_seconds),
        model_file=_model_file(properties),
        compat=properties.compat == "aws",
    )
    made = MadeBaseline(baseline, quarantine.count)
    _refuse_bad_data(properties.dataset, quarantine, made)
    return made


def _model_file(properties: Properties) -> bytes | None:
    spec = properties.spec
    return read_model_file(spec.model_file) if spec.kind == "model-explainability" and spec.model_file else None


def _refuse_bad_data(dataset: str, quarantine: Quarantine, made: MadeBaseline) -> None:
    total = made.rows + made.unreadable_rows
    if made.unreadable_rows > MAX_UNREADABLE_SHARE * total:
        reason, n = quarantine.by_reason.most_common(1)[0]
        raise DataError(
            f"{made.unreadable_rows} of {total} rows of {dataset} cannot be read, more than "
            f"{MAX_UNREADABLE_SHARE:.0%}; {n} times: {reason}, first in line {quarantine.examples[0].line}; "
            "correct the file and deploy again"
        )


def _imported(properties: Properties, created_at: datetime) -> MadeBaseline:
    statistics = read(properties.statistics)
    files = {STATISTICS: statistics, CONSTRAINTS: read(properties.constraints)}
    load_limits(files)  # what cannot be read, here and below, must stop the deployment, not the first run
    sealed = seal(
        files,
        monitor=properties.monitor,
        model=properties.model,
        dataset=properties.statistics,
        dataset_sha256=sha256(statistics),
        created_at=created_at,
        rows=load_reference(files).rows,
    )
    return MadeBaseline(sealed)
