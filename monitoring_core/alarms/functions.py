"""The functions of metric math, on numbers and time series."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Final, TypeAlias

import numpy as np

Series: TypeAlias = dict[datetime, float]
Value: TypeAlias = Any
"""float, Series, list of Series, or (only as an argument) str."""

FILL_MODES: Final = frozenset({"REPEAT", "LINEAR"})


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression can see.

    Attributes
    ----------
    values : mapping of str to Value
        Value of each query by its id.
    metrics : mapping of str to Series
        Those that are metrics, not expressions: what ``METRICS()`` lists.
    times : sequence of datetime
        Start of every period in the evaluation range, oldest first.
    """

    values: Mapping[str, Value]
    metrics: Mapping[str, Series]
    times: Sequence[datetime]


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the language and the numbers of arguments it takes."""

    call: Callable[..., Value]
    arities: tuple[int, ...]


def elementwise(function: Callable[..., float], *operands: Value) -> Value:
    """Apply a function of numbers at every time that all series among the operands have.

    An undefined result (division by zero) is a missing datapoint, as in CloudWatch.

    Examples
    --------
    >>> from datetime import datetime
    >>> a, b = datetime(2013, 1, 1), datetime(2013, 1, 2)
    >>> list(elementwise(lambda x, y: x / y, {a: 1.0, b: 1.0}, {a: 2.0, b: 0.0}).values())
    [0.5]
    """
    for operand in operands:
        if not isinstance(operand, (float, dict)):
            raise ValueError(f"expected a number or one time series, got {_describe(operand)}")  # noqa: TRY004
    series = [operand for operand in operands if isinstance(operand, dict)]
    if not series:
        return _defined(function, *operands)
    times = sorted(set(series[0]).intersection(*series[1:]))
    points = {t: _defined(function, *(o[t] if isinstance(o, dict) else o for o in operands)) for t in times}
    return {t: value for t, value in points.items() if math.isfinite(value)}


def _defined(function: Callable[..., float], *numbers: float) -> float:
    try:
        value = function(*numbers)
    except (ZeroDivisionError, OverflowError):
        return math.nan
    return math.nan if isinstance(value, complex) else float(value)


def _describe(value: Value) -> str:
    if isinstance(value, list):
        return "a list of time series; aggregate it with SUM, AVG, MIN or MAX"
    return repr(value)


def _aggregate(function: Callable[[list[float]], float]) -> Callable[..., Value]:
    """Aggregate a list of series at each time, or one series to a number."""

    def call(_scope: Scope, operand: Value) -> Value:
        if isinstance(operand, dict):
            return function(list(operand.values())) if operand else math.nan
        if not isinstance(operand, list):
            raise ValueError(f"expected a time series or a list of them, got {_describe(operand)}")  # noqa: TRY004
        times = sorted({time for series in operand if isinstance(series, dict) for time in series})
        if not times:
            return {} if any(isinstance(part, dict) for part in operand) else function(operand)
        columns = {
            t: [p[t] if isinstance(p, dict) else p for p in operand if not isinstance(p, dict) or t in p] for t in times
        }
        return {time: function(column) for time, column in columns.items()}

    return call


def _metrics(scope: Scope, part: str = "") -> list[Series]:
    return [series for name, series in scope.metrics.items() if part in name]


def _if(_scope: Scope, condition: Value, then: Value, otherwise: Value) -> Value:
    if isinstance(condition, float):
        return then if condition else otherwise

    def pick(time: datetime, truth: float) -> float | None:
        chosen = then if truth else otherwise
        return chosen.get(time) if isinstance(chosen, dict) else chosen

    picked = {time: pick(time, truth) for time, truth in condition.items()}
    return {time: value for time, value in picked.items() if value is not None}


def _fill(scope: Scope, operand: Value, filler: Value) -> Value:
    """Fill missing datapoints with a number, another series, the last value, or a straight line."""
    if isinstance(operand, list):
        return [_fill(scope, series, filler) for series in operand]
    if isinstance(filler, float):
        return {time: operand.get(time, filler) for time in scope.times}
    if isinstance(filler, dict):
        return filler | operand
    if filler == "LINEAR":
        return _fill_linear(scope, operand)
    filled: Series = {}
    last: float | None = None
    for time in scope.times:
        last = operand.get(time, last)
        if last is not None:
            filled[time] = last
    return filled


def _fill_linear(scope: Scope, operand: Series) -> Series:
    """Fill gaps between two datapoints; there is nothing to interpolate at the ends."""
    known = sorted(operand)
    inside = [time for time in scope.times if known and known[0] <= time <= known[-1]]
    if not inside:
        return {}
    values = np.interp(
        [time.timestamp() for time in inside], [time.timestamp() for time in known], [operand[time] for time in known]
    )
    return dict(zip(inside, map(float, values), strict=True))


def _diff(_scope: Scope, operand: Series) -> Series:
    return {later: operand[later] - operand[earlier] for earlier, later in pairwise(sorted(operand))}


def _rate(_scope: Scope, operand: Series) -> Series:
    """Change per second from one datapoint to the next."""
    changes = pairwise(sorted(operand))
    return {
        later: (operand[later] - operand[earlier]) / (later - earlier).total_seconds() for earlier, later in changes
    }


def _time_series(scope: Scope, operand: float) -> Series:
    return dict.fromkeys(scope.times, operand)


def _map(function: Callable[[float], float]) -> Callable[..., Value]:
    def call(scope: Scope, operand: Value) -> Value:
        if isinstance(operand, list):
            return [call(scope, series) for series in operand]
        return elementwise(function, operand)

    return call


FUNCTIONS: Final[Mapping[str, Function]] = {
    "ABS": Function(_map(abs), (1,)),
    "AVG": Function(_aggregate(lambda values: math.fsum(values) / len(values)), (1,)),
    "CEIL": Function(_map(math.ceil), (1,)),
    "DIFF": Function(_diff, (1,)),
    "FILL": Function(_fill, (2,)),
    "FLOOR": Function(_map(math.floor), (1,)),
    "IF": Function(_if, (3,)),
    "MAX": Function(_aggregate(max), (1,)),
    "METRICS": Function(_metrics, (0, 1)),
    "MIN": Function(_aggregate(min), (1,)),
    "RATE": Function(_rate, (1,)),
    "SUM": Function(_aggregate(math.fsum), (1,)),
    "TIME_SERIES": Function(_time_series, (1,)),
}
