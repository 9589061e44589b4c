"""Which engine folds a pass, and why. No input or output here."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from functions.common.contract import Engine, Limits, Runtime
from monitoring_core.errors import ConfigError

BY_SIZE: Final = (Engine.FUNCTION, Engine.PROCESSING, Engine.SPARK)
"""The engines, by how much data they take."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much a pass has to read; rows are an estimate."""

    bytes: int
    rows: int


@dataclass(frozen=True, slots=True)
class Choice:
    """The engine, why it is this one, and what the user should know beyond that."""

    engine: Engine
    reason: str
    note: str = ""


def take_wish(wish: Runtime, engines: Collection[Engine]) -> Choice:
    """Return the engine that the configuration names.

    Raises
    ------
    ConfigError
        If the state machine cannot run it.
    """
    engine = Engine(wish)
    if engine not in engines:
        known = ", ".join(engines)
        raise ConfigError(f"runtime {wish} is asked for, but this state machine has only: {known}; deploy it again")
    return Choice(engine, f"{engine}, as the configuration says")


def choose_by_size(size: Size, limits: Limits, engines: Collection[Engine]) -> Choice:
    """Return the smallest engine that takes so much; where that one is not there, a larger one, else the largest.

    Examples
    --------
    >>> limits = Limits(function_bytes=1000, function_rows=10, processing_bytes=5000, processing_rows=50)
    >>> choose_by_size(Size(1000, 10), limits, BY_SIZE).reason
    'function: up to function_bytes (1,000) and function_rows (10)'
    >>> choose_by_size(Size(1000, 11), limits, BY_SIZE).reason
    'processing: more than function_rows (10)'
    >>> choice = choose_by_size(Size(1000, 11), limits, [Engine.FUNCTION])
    >>> choice.engine, choice.note[:64]
    (<Engine.FUNCTION: 'function'>, 'processing would be right for more than function_rows (10), but ')
    """
    fitting, why = _fitting(size, limits)
    larger = [engine for engine in BY_SIZE[BY_SIZE.index(fitting) :] if engine in engines]
    if not larger:
        engine = max(engines, key=BY_SIZE.index)
        missing = f"{fitting} would be right for {why}, but this state machine has only: {', '.join(engines)}"
        return Choice(engine, f"{engine}: {missing}", f"{missing}; configure runtime.{fitting} and deploy again")
    engine = larger[0]
    instead = "" if engine is fitting else f", in place of {fitting}, which this state machine does not have"
    return Choice(engine, f"{engine}: {why}{instead}")


def _fitting(size: Size, limits: Limits) -> tuple[Engine, str]:
    passed = _passed(size, function_bytes=limits.function_bytes, function_rows=limits.function_rows)
    if not passed:
        both = f"up to function_bytes ({limits.function_bytes:,}) and function_rows ({limits.function_rows:,})"
        return Engine.FUNCTION, both
    more = _passed(size, processing_bytes=limits.processing_bytes, processing_rows=limits.processing_rows)
    if not more:
        return Engine.PROCESSING, f"more than {passed}"
    return Engine.SPARK, f"more than {more}"


def _passed(size: Size, **limits: int) -> str:
    """Return the limits that `size` is above, the one of bytes given first; empty where it is above none."""
    sizes = zip((size.bytes, size.rows), limits.items(), strict=True)
    return " and ".join(f"{name} ({limit:,})" for is_, (name, limit) in sizes if is_ > limit)
