"""Monitors from outside: loaded by name, then run like any other."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from pydantic import JsonValue

from monitoring_core.dataset.batch import Batch
from monitoring_core.errors import ConfigError
from monitoring_core.monitors import stored
from monitoring_core.monitors.base import Monitor
from monitoring_core.monitors.loading import load_function
from monitoring_core.monitors.segments import Segmented
from monitoring_core.spec.custom import CustomSpec

MONITOR_METHODS: Final = ("empty", "observe", "as_reference", "measure", "suggest", "explain")
STATE_METHODS: Final = ("merge", "to_dict", "from_dict")


def load_monitor(factory: str, parameters: Mapping[str, JsonValue] | None = None) -> Monitor[Any]:
    """Make the monitor that a function of the user's returns.

    Parameters
    ----------
    factory : str
        ``package.module:function``.
    parameters : mapping of str to JSON value, optional
        Keyword arguments of the function.

    Raises
    ------
    ConfigError
        If the function cannot be imported, does not take the parameters, fails, or returns something that is
        not a monitor.
    """
    make = load_function(factory)
    arguments = dict(parameters or {})
    _check_parameters(factory, make, arguments)
    try:
        monitor = make(**arguments)
    except Exception as error:  # whatever the user's function does
        raise ConfigError(f"{factory} failed: {type(error).__name__}: {error}") from error
    _check(factory, monitor)
    return monitor  # type: ignore[no-any-return]


def monitor_of(spec: CustomSpec) -> Monitor[Any]:
    """Make the monitor that a specification names."""
    monitor = load_monitor(spec.factory, spec.parameters)
    return Segmented(monitor, spec.segments) if spec.segments else monitor


def make_files(spec: CustomSpec, windows: Sequence[Sequence[Batch]]) -> tuple[dict[str, bytes], int]:
    """Make the files of a baseline; see `stored.make_files`."""
    return stored.make_files(monitor_of(spec), windows)


def _check_parameters(factory: str, make: Callable[..., Any], arguments: Mapping[str, JsonValue]) -> None:
    try:
        signature = inspect.signature(make)
    except ValueError:  # some functions that are not written in Python tell nothing about themselves
        return
    try:
        signature.bind(**arguments)
    except TypeError as error:
        raise ConfigError(
            f"{factory}{signature} cannot be called with the parameters {', '.join(arguments) or '(none)'}: {error}; "
            "change `parameters`"
        ) from None


def _check(factory: str, monitor: object) -> None:
    missing = [name for name in MONITOR_METHODS if not callable(getattr(monitor, name, None))]
    if not isinstance(getattr(monitor, "name", None), str):
        missing.insert(0, "name (a text)")
    if missing:
        raise ConfigError(
            f"{factory} returned a {type(monitor).__name__}, which is not a monitor: it lacks {', '.join(missing)}; "
            "see monitoring_core.monitors.base.Monitor"
        )
    try:
        state = monitor.empty()  # type: ignore[attr-defined]
    except Exception as error:  # whatever the user's monitor does
        raise ConfigError(
            f"empty() of the monitor that {factory} returned failed: {type(error).__name__}: {error}; it is called "
            "without arguments, or with a reference"
        ) from error
    lacking = [name for name in STATE_METHODS if not callable(getattr(state, name, None))]
    if not isinstance(getattr(state, "rows", None), int):
        lacking.insert(0, "rows (a number)")
    if lacking:
        raise ConfigError(
            f"the state of the monitor that {factory} returned, a {type(state).__name__}, lacks {', '.join(lacking)}; "
            "see monitoring_core.monitors.segments.StoredState, or use monitoring_core.stats.sums.Sums"
        )
