"""Where results are kept, and under what conditions they were measured."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

RESULTS: Final = Path(__file__).parent / "results"


def conditions(*packages: str) -> dict[str, Any]:
    """Return date, machine and versions; the load is that of the last quarter of an hour."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": {"cores": os.cpu_count(), "processor": platform.machine(), "load": round(os.getloadavg()[2], 1)},
        "versions": {"python": platform.python_version()} | {name: version(name) for name in packages},
    }


def in_words(report: Mapping[str, Any]) -> str:
    """Return the conditions as a sentence."""
    machine, versions = report["machine"], ", ".join(f"{name} {text}" for name, text in report["versions"].items())
    return f"{report['date']}, {machine['cores']} cores {machine['processor']}, load {machine['load']}; {versions}."


def write(name: str, report: dict[str, Any], page: str) -> None:
    """Write the figures and their page, and print the page."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(report, indent=2) + "\n")
    (RESULTS / f"{name}.md").write_text(page)
    sys.stdout.write(page)
