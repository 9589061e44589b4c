"""What is analysed and how: from the configuration, a specification, or what a baseline was made with."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Self

from pydantic import ValidationError

from monitoring_core.dataset import Batch
from monitoring_core.errors import BaselineError, ConfigError
from monitoring_core.spec import DataQualitySpec, Frozen, MonitorSpec, SchemaSpec
from watchkeeper.specification import parse_spec


class MonitorSettings(Frozen):
    """One monitor, and the data it was fitted to; kept beside a baseline as ``settings.json``."""

    endpoint: str = "local"
    spec: MonitorSpec = DataQualitySpec()
    period: timedelta = timedelta(days=1)
    """Length of the windows that will be analysed."""
    time_column: str | None = None
    """Column with the time of each row of the baseline's data; no feature."""
    ignore: tuple[str, ...] = ()
    """Columns that are no features either."""
    answer: tuple[str, ...] = ()
    """Those of `columns` that hold the model's answer, where the specification names no outputs."""
    columns: tuple[str, ...] = ()
    """The other columns of the data set that the baseline was made of, in their order."""

    @classmethod
    def of_config(cls, config: Path, monitor: str | None) -> Self:
        """Read a monitor from a configuration file.

        Raises
        ------
        ConfigError
            If the file is wrong, or has several monitors and none or an unknown one was named.
        """
        from infra.config import load_config  # noqa: PLC0415 - pydantic models of the whole configuration

        loaded = load_config(config)
        monitors = {one.name: one for one in loaded.monitors}
        if monitor is None and len(monitors) > 1:
            raise ConfigError(f"{config} has several monitors: {', '.join(monitors)}; choose one with --monitor")
        name = monitor or next(iter(monitors))
        if name not in monitors:
            raise ConfigError(f"{config} has no monitor {name!r}; it has {', '.join(monitors)}")
        return cls(
            endpoint=loaded.name,
            spec=loaded.specs()[name],
            period=timedelta(seconds=monitors[name].schedule.period_seconds),
            time_column=loaded.baseline.time_column,
        )

    @classmethod
    def of_spec(cls, file: Path) -> Self:
        """Read a specification, as JSON.

        Raises
        ------
        ConfigError
            If the file cannot be read or is wrong.
        """
        try:
            document = json.loads(file.read_text("utf-8"))
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else f"no JSON: {error}"
            raise ConfigError(f'{file}: {why}; give a file with JSON such as {{"kind": "data-quality"}}') from None
        return cls(spec=parse_spec(document, str(file)))

    @classmethod
    def load(cls, data: bytes) -> Self:
        """Read ``settings.json`` of a baseline.

        Raises
        ------
        BaselineError
            If it is something else.
        """
        try:
            return cls.model_validate_json(data)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"]))
            raise BaselineError(f"settings.json cannot be read: {place}: {first['msg']}; correct it") from None

    def dump(self) -> bytes:
        """Write ``settings.json``."""
        return self.model_dump_json(indent=2).encode() + b"\n"

    @property
    def captured(self) -> SchemaSpec:
        """Names of captured columns: the specification's, else those of the data set that the baseline was made of."""
        named = self.spec.columns
        if named.features or not self.columns:
            return named
        outputs = tuple(name for name in self.columns if name in (named.outputs or self.answer))
        features = tuple(name for name in self.columns if name not in (*outputs, named.label))
        return SchemaSpec(outputs=outputs, features=features, label=named.label)

    def features(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Leave out what is no feature, where later data has it, too.

        Data quality looks at every column; where its specification names them, those that the baseline's data had
        beside them, such as the label, are none either.
        """
        named = self.spec.columns
        left_out = {*self.ignore, self.time_column}
        if isinstance(self.spec, DataQualitySpec) and named.features:
            left_out |= {*self.columns} - {*named.outputs, *named.features, *self.spec.segments}
        for batch in batches:
            yield Batch({name: column for name, column in batch.columns.items() if name not in left_out})
