"""The data set of a Clarify job: rows with names and roles, whatever file they come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from functions.analyzer.clarify.config import AnalysisConfig, NameOrIndex
from functions.analyzer.clarify.delimited import read_delimited
from functions.analyzer.clarify.documents import read_documents
from functions.analyzer.clarify.records import read_records
from functions.analyzer.clarify.settings import ClarifySettings
from functions.analyzer.clarify.tables import Table
from functions.analyzer.data_format import find_files
from monitoring_core.dataset.batch import Batch, TypeCode
from monitoring_core.dataset.jsonlines import read_json, read_json_lines
from monitoring_core.dataset.parquet import read_parquet
from monitoring_core.dataset.quarantine import Quarantine
from monitoring_core.dataset.source import Source
from monitoring_core.errors import ColumnNotFoundError, NoDataError


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Rows in memory, and what their columns are.

    Attributes
    ----------
    batches : tuple of Batch
        At least one, none empty.
    features : tuple of str
        What the model sees, in order.
    label, predicted_label, probability : str or None
        Columns of the observed label and of the model's answer.
    """

    batches: tuple[Batch, ...]
    features: tuple[str, ...]
    label: str | None = None
    predicted_label: str | None = None
    probability: str | None = None

    @property
    def rows(self) -> int:
        """Number of rows."""
        return sum(map(len, self.batches))

    @property
    def has_predictions(self) -> bool:
        """Whether a column holds the model's answer."""
        return self.predicted_label is not None or self.probability is not None

    def column(self, given: NameOrIndex) -> str:
        """Return the name of a column given by name or position.

        Raises
        ------
        ColumnNotFoundError
            If there is none.
        """
        return _column(given, tuple(self.batches[0].columns))


def read_dataset(settings: ClarifySettings, config: AnalysisConfig, quarantine: Quarantine) -> Dataset:
    """Read the whole data set.

    Raises
    ------
    DataError
        If it cannot be read, or a column that the configuration names is missing.
    NoDataError
        If it has no rows.
    """
    files = find_files(settings.dataset_source)
    table = _read(settings, config, files, quarantine)
    batches = tuple(batch for batch in table.batches if len(batch))
    if not batches:
        raise NoDataError(f"{settings.dataset_source} has no row to analyse ({quarantine.count} unreadable)")
    names = tuple(batches[0].columns)
    label, predicted, probability = (
        None if given is None else _column(given, names)
        for given in (table.label, table.predicted_label, table.probability)
    )
    if config.probability_threshold is not None and probability is None and _has_fractions(batches, predicted):
        predicted, probability = None, predicted
    roles = {label, predicted, probability, *(_column(given, names) for given in config.excluded_columns)}
    if config.joinsource_name_or_index is not None:
        roles.add(_column(config.joinsource_name_or_index, names))
    features = tuple(name for name in table.features or names if name not in roles)
    return Dataset(batches, features, label, predicted, probability)


def _read(settings: ClarifySettings, config: AnalysisConfig, files: Sequence[Path], quarantine: Quarantine) -> Table:
    if settings.dataset_format is not None:
        return read_records(settings, config, files, quarantine)
    sources = [Source.of(path) for path in files]
    if config.dataset_type == "text/csv":
        return read_delimited(sources, config, quarantine)
    if config.dataset_type != "application/x-parquet" and config.features is not None:
        return read_documents(sources, config, quarantine)
    reader = {
        "application/x-parquet": read_parquet,
        "application/json": read_json,
        "application/jsonlines": read_json_lines,
    }[config.dataset_type]
    batches = [batch for source in sources for batch in reader(source, quarantine)]
    return Table(batches, config.label, config.predicted_label, config.probability)


def _column(given: NameOrIndex, names: Sequence[str]) -> str:
    if isinstance(given, int) and 0 <= given < len(names):
        return names[given]
    if given in names:
        return str(given)
    raise ColumnNotFoundError(str(given), names)


def _has_fractions(batches: Sequence[Batch], column: str | None) -> bool:
    return column is not None and any(bool(np.any(b[column].codes == TypeCode.FRACTIONAL)) for b in batches)
