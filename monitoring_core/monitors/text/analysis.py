"""What is watched of texts, and the files of a baseline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monitoring_core.dataset.batch import Batch
from monitoring_core.monitors import stored
from monitoring_core.monitors.base import Monitor
from monitoring_core.monitors.segments import Segmented
from monitoring_core.monitors.text.monitor import TextDrift
from monitoring_core.spec.text import TextSpec


def monitor_of(spec: TextSpec) -> Monitor[Any]:
    """Make the monitor that a specification describes."""
    drift = TextDrift(spec)
    return Segmented(drift, spec.segments) if spec.segments else drift


def make_files(spec: TextSpec, windows: Sequence[Sequence[Batch]]) -> tuple[dict[str, bytes], int]:
    """Make the files of a baseline; see `stored.make_files`."""
    return stored.make_files(monitor_of(spec), windows)
