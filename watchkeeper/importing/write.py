"""Write what was imported: the configuration, checked, and a folder for each baseline."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

import yaml

from infra.config import EndpointConfig, parse_config
from monitoring_core.baseline_files import CONSTRAINTS, BaselineFiles
from monitoring_core.errors import ConfigError
from watchkeeper.baselines import Baseline
from watchkeeper.importing.convert import Imported, ImportedMonitor
from watchkeeper.settings import MonitorSettings

FILE: Final = "monitoring.yaml"
_HEAD: Final = "# Imported from Model Monitor by `watchkeeper import`; `watchkeeper validate` checks it.\n"


def write(imported: Imported, folder: Path) -> Sequence[str]:
    """Write everything; return what is wrong or missing in the configuration: nothing, as a rule."""
    folder.mkdir(parents=True, exist_ok=True)
    body = yaml.safe_dump(imported.document, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)
    (folder / FILE).write_text(_HEAD + body, "utf-8")
    for monitor in imported.monitors:
        place = folder / "baselines" / monitor.name
        place.mkdir(parents=True, exist_ok=True)
        for name, content in monitor.files.items():
            (place / name).write_bytes(content)
    try:
        config = parse_config(yaml.safe_load(body), str(folder / FILE))
    except ConfigError as error:
        return str(error).splitlines()
    for monitor in imported.monitors:
        if monitor.files:
            Baseline(BaselineFiles(monitor.files), _settings(config, monitor)).write(
                folder / "baselines" / monitor.name
            )
    return ()


def _settings(config: EndpointConfig, monitor: ImportedMonitor) -> MonitorSettings:
    """Return what `watchkeeper run` needs to know beside the files."""
    named = {one.name: one for one in config.monitors}
    limits = json.loads(monitor.files.get(CONSTRAINTS, b"{}"))
    return MonitorSettings(
        endpoint=config.name,
        spec=config.specs()[monitor.name],
        period=timedelta(seconds=named[monitor.name].schedule.period_seconds),
        columns=tuple(str(feature["name"]) for feature in limits.get("features", ())),
    )
