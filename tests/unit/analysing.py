"""A window held against the files of a baseline, in one call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from monitoring_core import fold
from monitoring_core.dataset import Batch
from monitoring_core.kinds import Against, fold_of
from monitoring_core.monitors.analysis import Analysis
from monitoring_core.spec import MonitorSpec


def analyse(
    spec: MonitorSpec,
    batches: Iterable[Batch],
    files: Mapping[str, bytes],
    *,
    compat: bool = False,
    as_of: datetime | None = None,
) -> Analysis:
    return fold.analyse(fold_of(spec, Against(files, as_of, compat)), batches)
