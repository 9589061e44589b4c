"""A baseline from what the configuration gives: a data set, or files that exist already."""

from __future__ import annotations

from datetime import datetime

from functions.baseline.request import Properties
from functions.common.fitting import MadeBaseline, fit
from functions.common.model_file import read_model_file
from functions.common.storage import read, sha256
from monitoring_core.baseline_files import CONSTRAINTS, STATISTICS, seal
from monitoring_core.dataset import Source
from monitoring_core.monitors.data_quality.analysis import load_limits, load_reference


def make(properties: Properties, created_at: datetime) -> MadeBaseline:
    """Make or import the baseline that the properties describe, here and now.

    Raises
    ------
    StorageError
        If a given file cannot be fetched.
    DataError, NoDataError, BaselineError
        If it cannot be read as what it should be.
    """
    return _from_dataset(properties, created_at) if properties.dataset else _imported(properties, created_at)


def _from_dataset(properties: Properties, created_at: datetime) -> MadeBaseline:
    model_file = read_model_file(properties.model_file) if properties.model_file else None
    data = Source(properties.dataset, read(properties.dataset))
    return fit(properties.order(created_at), data, model_file)


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
