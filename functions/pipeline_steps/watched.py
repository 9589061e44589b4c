"""The monitors of the endpoint: what the last deployment wrote down about their baselines."""

from __future__ import annotations

import json

from functions.baseline.request import PROPERTIES, Properties
from functions.common.storage import read
from functions.pipeline_steps.arguments import NONE


def read_watched(baselines: str, names: str) -> dict[str, Properties]:
    """Return how the baseline of each monitor is made, by kind.

    Parameters
    ----------
    baselines : str
        S3 URI below which each monitor has its baselines; ends in a slash.
    names : str
        Monitors, one of each kind, comma separated; `NONE`: there are none.

    Raises
    ------
    StorageError
        If nothing is written down about a monitor.
    ConfigError
        If it cannot be read.
    """
    monitors = [] if names == NONE else names.split(",")
    found = [Properties.parse(json.loads(read(f"{baselines}{name}/{PROPERTIES}"))) for name in monitors]
    return {properties.spec.kind: properties for properties in found}
