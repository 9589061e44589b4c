"""JSON data sets, where JMESPath expressions find features and labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from functions.analyzer.clarify.config import AnalysisConfig, NameOrIndex
from functions.analyzer.clarify.tables import Table
from monitoring_core.dataset.batch import Batch
from monitoring_core.dataset.json_rows import decode_json
from monitoring_core.dataset.lines import read_blocks
from monitoring_core.dataset.quarantine import Quarantine, Reason, UnreadableRecordError
from monitoring_core.dataset.source import Source
from monitoring_core.dataset.types import column_from_texts
from monitoring_core.errors import ConfigError, DataError

_Rows = list[dict[str, Any]]


def read_documents(sources: Sequence[Source], config: AnalysisConfig, quarantine: Quarantine) -> Table:
    """Read JSON or JSON Lines with the expressions `features`, `label`, `predicted_label` and `probability`.

    In JSON Lines an expression finds one row, in JSON the list of all rows. `headers` names the features in order,
    and after them the label, where it has one more.

    Raises
    ------
    DataError
        If an expression does not find one value per row, or the features do not fit `headers`.
    ConfigError
        If an expression is no JMESPath.
    """
    roles = {
        "label": config.label,
        "predicted_label": config.predicted_label,
        "probability": config.probability,
    }
    paths = {role: _compile(role, given) for role, given in roles.items() if given is not None}
    paths = {"features": _compile("features", config.features), **paths}
    rows = _Collected(config, paths)
    for source in sources:
        for document in _documents(source, config, quarantine):
            rows.add(document, source.name)
    named = {role: rows.name_of(role) if role in paths else None for role in roles}
    return Table([rows.batch()], **named, features=rows.features)


class _Collected:
    """Rows of all documents so far, by role."""

    def __init__(self, config: AnalysisConfig, paths: dict[str, Any]) -> None:
        self._config, self._paths = config, paths
        self._lines = config.dataset_type == "application/jsonlines"
        self._features: list[list[str | None]] = []
        self._keys: tuple[str, ...] | None = None
        self._others: dict[str, list[str | None]] = {role: [] for role in paths if role != "features"}

    def add(self, document: Any, source: str) -> None:
        """Find the rows of one document."""
        found = {role: path.search(document) for role, path in self._paths.items()}
        if self._lines:
            found = {role: [value] for role, value in found.items()}
        sizes = {role: len(value) if isinstance(value, list) else 0 for role, value in found.items()}
        if len(set(sizes.values())) != 1 or not sizes["features"]:
            raise DataError(
                f"{source}: the expressions find different numbers of rows, {sizes}; each must find one value per row"
            )
        for value in found.pop("features"):
            self._features.append(self._row(value, source))
        for role, values in found.items():
            self._others[role] += map(_text, values)

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features."""
        width = len(self._features[0]) if self._features else 0
        if self._config.headers is not None:
            if len(self._config.headers) < width:
                raise DataError(f"a row has {width} features, but headers has {len(self._config.headers)} names")
            return self._config.headers[:width]
        return self._keys or tuple(f"feature_{place}" for place in range(width))

    def name_of(self, role: str) -> str:
        """Return the column name of a role: the label's header, or the expression."""
        headers = self._config.headers or ()
        if role == "label" and len(headers) > len(self.features):
            return headers[len(self.features)]
        given = str(getattr(self._config, role))
        return given if given not in self.features else role

    def batch(self) -> Batch:
        """Return all rows."""
        columns = zip(*self._features, strict=True)
        named = dict(zip(self.features, map(column_from_texts, columns), strict=True))
        others = {self.name_of(role): column_from_texts(values) for role, values in self._others.items()}
        return Batch({**named, **others})

    def _row(self, value: Any, source: str) -> list[str | None]:
        if isinstance(value, dict):
            self._keys = self._keys or tuple(value)
            value = [value.get(key) for key in self._keys]
        row = [_text(leaf) for leaf in value] if isinstance(value, list) else [_text(value)]
        if self._features and len(row) != len(self._features[0]):
            raise DataError(f"{source}: a row has {len(row)} features, the first one has {len(self._features[0])}")
        return row


def _documents(source: Source, config: AnalysisConfig, quarantine: Quarantine) -> Iterator[Any]:
    if config.dataset_type == "application/json":
        yield _document(source)
        return
    for block in read_blocks(source, quarantine):
        for number, line in block.lines():
            try:
                yield decode_json(line.decode())
            except UnicodeDecodeError as error:
                quarantine.add(source.name, number, Reason.NOT_UTF8, detail=error.reason, excerpt=line)
            except UnreadableRecordError as error:
                quarantine.add(source.name, number, error.reason, detail=error.detail, excerpt=line)


def _document(source: Source) -> Any:
    try:
        return decode_json(b"".join(source.chunks()).decode("utf-8-sig"))
    except (UnicodeDecodeError, UnreadableRecordError) as error:
        raise DataError(f"{source.name} is not a JSON document: {error}; check dataset_type") from error


def _compile(role: str, expression: NameOrIndex | None) -> Any:
    try:
        return jmespath.compile(str(expression))
    except JMESPathError as error:
        raise ConfigError(f"{role}: {expression!r} is no JMESPath expression: {error}") from error


def _text(leaf: Any) -> str | None:
    if leaf is None or isinstance(leaf, str):
        return leaf
    if isinstance(leaf, bool):
        return str(leaf).lower()
    if isinstance(leaf, int):
        return str(leaf)
    raise DataError(f"expected a single value, the expression found {leaf!r}")
