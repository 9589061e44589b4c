"""What is watched of the rows' integrity, and the files of a baseline."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from monitoring_core.dataset.batch import Batch
from monitoring_core.monitors import stored
from monitoring_core.monitors.base import Monitor
from monitoring_core.monitors.data_integrity.monitor import DataIntegrity
from monitoring_core.monitors.segments import Segmented
from monitoring_core.spec.data_integrity import DataIntegritySpec


def monitor_of(spec: DataIntegritySpec, *, as_of: datetime | None = None) -> Monitor[Any]:
    """Make the monitor that a specification describes.

    Parameters
    ----------
    as_of : datetime, optional
        End of the window, aware; without it, freshness is judged only if it is ``relative_to`` a column.
    """
    integrity = DataIntegrity(spec, None if as_of is None else as_of.timestamp())
    return Segmented(integrity, spec.segments) if spec.segments else integrity


def make_files(spec: DataIntegritySpec, windows: Sequence[Sequence[Batch]]) -> tuple[dict[str, bytes], int]:
    """Make the files of a baseline; see `stored.make_files`."""
    return stored.make_files(monitor_of(spec), windows)
