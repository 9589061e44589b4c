"""CSV data sets, whose first row may or may not hold the names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from functions.analyzer.clarify.config import AnalysisConfig
from functions.analyzer.clarify.tables import Table
from monitoring_core.dataset.batch import Batch
from monitoring_core.dataset.delimited import read_csv
from monitoring_core.dataset.payload import split_csv
from monitoring_core.dataset.quarantine import Quarantine, UnreadableRecordError
from monitoring_core.dataset.source import Source
from monitoring_core.errors import DataError


def read_delimited(sources: Sequence[Source], config: AnalysisConfig, quarantine: Quarantine) -> Table:
    """Read CSV files.

    A first row that has all of `headers` in it names the columns; columns beside those of `headers` are then no
    features. Without `headers` the first row names the columns, unless the label is given by its position and the
    row holds nothing but numbers.

    Raises
    ------
    DataError
        If the columns do not fit `headers`.
    """
    batches = [batch for source in sources for batch in _read(source, config, quarantine)]
    features = () if config.headers is None else config.headers
    return Table(batches, config.label, config.predicted_label, config.probability, features)


def _read(source: Source, config: AnalysisConfig, quarantine: Quarantine) -> Iterator[Batch]:
    first = _first_row(source)
    if config.headers is None:
        header = not (isinstance(config.label, int) and all(map(_is_number, first)))
        return read_csv(source, header=header, quarantine=quarantine)
    if set(config.headers) <= set(first):
        return read_csv(source, header=True, quarantine=quarantine)
    if len(first) != len(config.headers):
        raise DataError(
            f"{source.name} has {len(first)} columns, but headers has {len(config.headers)} names and its first row "
            "does not hold them; give one name per column"
        )
    return read_csv(source, header=False, names=config.headers, quarantine=quarantine)


def _first_row(source: Source) -> list[str]:
    text = next(source.chunks(), b"").decode("utf-8-sig", errors="replace")
    line = next((line for line in text.splitlines() if line), "")
    try:
        return split_csv(line + "\n")[0] if line else []
    except UnreadableRecordError as error:
        raise DataError(f"the first row of {source.name} is not CSV: {error.detail}") from error


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return not text
    return True
