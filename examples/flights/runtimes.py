"""The example's configuration for each place its monitors can run, and what stands in for the images there."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import yaml

from examples.flights.cloud import EXAMPLE, ROOT

CONFIG_FILE: Final = EXAMPLE / "monitoring.yaml"
IMAGES: Final[Mapping[str, Sequence[str]]] = {
    r"/watchkeeper:|sagemaker-model-monitor-analyzer$": [sys.executable, "-m", "functions.analyzer"]
}
"""What runs in the place of the product's own image and of Model Monitor's analyzer."""
_BUILD: Final = ROOT / "build"
_FOR_AMAZON: Final = ("data-quality", "model-quality")
"""The weekly ones stay: Model Monitor has no window longer than a day."""
_OURS_ONLY: Final = ("min_rows", "segments")
"""What Amazon's analyzers do not do."""

Document = dict[str, Any]


class Runtime(StrEnum):
    """Where the monitors of the demo run."""

    FUNCTION = "function"
    PROCESSING = "processing"
    MANAGED = "managed"


def configuration(runtime: Runtime) -> Path:
    """Return the file to deploy: the example's own, or one made of it."""
    if runtime is Runtime.FUNCTION:
        return CONFIG_FILE
    changed = _CHANGES[runtime](yaml.safe_load(CONFIG_FILE.read_text()))
    path = _BUILD / f"flights-{runtime}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(changed, sort_keys=False))
    return path


def _on_processing(config: Document) -> Document:
    monitors = [{**monitor, "runtime": "processing"} for monitor in config["monitors"]]
    image = config["retraining"]["training"]["prepare_image"]
    return {**config, "monitors": monitors, "runtime": {"processing": {"image": image}}}


def _on_model_monitor(config: Document) -> Document:
    monitors = [_managed(monitor) if monitor["kind"] in _FOR_AMAZON else monitor for monitor in config["monitors"]]
    return {**config, "monitors": monitors}


def _managed(monitor: Document) -> Document:
    return {name: value for name, value in monitor.items() if name not in _OURS_ONLY} | {"runtime": "managed"}


_CHANGES: Final = {Runtime.PROCESSING: _on_processing, Runtime.MANAGED: _on_model_monitor}
