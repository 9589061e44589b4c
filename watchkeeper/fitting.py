"""From good data to a baseline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from monitoring_core.artifacts import make_baseline
from monitoring_core.dataset import Batch
from watchkeeper.baselines import Baseline
from watchkeeper.columns import leave_out
from watchkeeper.settings import MonitorSettings


@dataclass(frozen=True, slots=True)
class Origin:
    """What a baseline is made of and bound to, for the record."""

    dataset: str
    dataset_sha256: str = ""
    model: str = ""


@dataclass(slots=True)
class _Seen:
    names: dict[str, None] = field(default_factory=dict)

    def through(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        for batch in batches:
            self.names.update(dict.fromkeys(batch.columns))
            yield batch


def learn(
    settings: MonitorSettings, batches: Iterable[Batch], origin: Origin, model_file: bytes | None = None
) -> Baseline:
    """Make a baseline, which remembers the columns it was made of.

    Raises
    ------
    NoDataError
        If there are no rows.
    ColumnNotFoundError
        If a column of the specification is not in the data.
    """
    seen = _Seen()
    made = make_baseline(
        settings.spec,
        seen.through(leave_out(batches, settings.ignore)),
        model=origin.model,
        dataset=origin.dataset,
        dataset_sha256=origin.dataset_sha256,
        created_at=datetime.now(UTC),
        time_column=settings.time_column,
        period=settings.period,
        model_file=model_file,
    )
    columns = tuple(name for name in seen.names if name != settings.time_column)
    return Baseline(made, settings.model_copy(update={"columns": columns}))
