"""Which monitor a command is about: one way of saying it at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from monitoring_core.errors import ConfigError
from watchkeeper.settings import MonitorSettings
from watchkeeper.specification import PROBLEMS, Problem, specify


def choose(config: Path | None, monitor: str | None, spec: Path | None) -> MonitorSettings | None:
    """Return the monitor of a configuration or a specification; None where neither is given.

    Raises
    ------
    ConfigError
        If both are given, or one is wrong.
    """
    if config is not None and spec is not None:
        raise ConfigError("--config and --spec both say what to analyse; give one of them")
    if config is not None:
        return MonitorSettings.of_config(config, monitor)
    if monitor is not None:
        raise ConfigError("--monitor names a monitor of a configuration; give that with --config")
    return None if spec is None else MonitorSettings.of_spec(spec)


def with_words(chosen: MonitorSettings | None, kind: str | None, **words: Any) -> MonitorSettings:
    """Return what was chosen, or else the monitor of a kind and the columns that are named.

    Raises
    ------
    ConfigError
        If both are given, or the kind needs more.
    """
    said = [name for name, value in words.items() if value]
    if chosen is None:
        if kind is None and said and said != ["segments"]:
            raise ConfigError(f"{', '.join(said)}: of what kind of monitor? Give it with --kind, such as model-quality")
        return MonitorSettings(spec=specify(kind or "data-quality", **words))
    if kind is not None or said:
        given = ", ".join([*(["kind"] if kind else []), *said])
        raise ConfigError(f"{given}: the configuration or specification says that already; change it there")
    return chosen


def parse_problem(text: str | None) -> Problem | None:
    """Read the option ``--problem``."""
    for known in PROBLEMS:
        if text == known:
            return known
    if text is not None:
        raise ConfigError(f"--problem: {text!r} is not known; allowed: {', '.join(PROBLEMS)}")
    return None
