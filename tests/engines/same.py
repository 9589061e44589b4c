"""When two evaluations are the same: everything but the last digits of floats."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from itertools import zip_longest

from monitoring_core.checks.evaluation import Check, Evaluation, Measurement

_NUMBER = re.compile(r"-?\d+\.\d+(?:[eE][-+]?\d+)?")


def differences(one: Evaluation, other: Evaluation) -> list[str]:
    """Say what differs between two evaluations, which may be of monitors of different names.

    Whole numbers, outcomes and bounds must be equal; of floats the last digits may differ, by the order of additions.
    """
    rows = [] if one.n == other.n else [f"rows: {one.n}, {other.n}"]
    measured = _pairs("measurement", map(_measured, one.measurements), map(_measured, other.measurements))
    checked = _pairs("check", map(_checked, one.checks), map(_checked, other.checks))
    return [*rows, *measured, *checked]


def close(one: object, other: object) -> bool:
    """Whether two values are the same up to the last digits of the floats in them."""
    match one, other:
        case float(), float():
            return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9) or (math.isnan(one) and math.isnan(other))
        case tuple(), tuple():
            return len(one) == len(other) and all(map(close, one, other))
        case str(), str():
            numbers = [tuple(float(number) for number in _NUMBER.findall(text)) for text in (one, other)]
            return _NUMBER.sub("", one) == _NUMBER.sub("", other) and close(*numbers)
        case _:
            return one == other


def _pairs(what: str, ours: Iterable[object], theirs: Iterable[object]) -> Iterator[str]:
    for one, other in zip_longest(ours, theirs):
        if not close(one, other):
            yield f"{what}: {one}, {other}"


def _measured(found: Measurement | None) -> tuple[object, ...] | None:
    if found is None:
        return None
    return (found.metric, found.subject, found.n, found.value, found.interval, found.standard_deviation)


def _checked(check: Check) -> tuple[object, ...]:
    bound = check.constraint.bound.lower, check.constraint.bound.upper
    rule = check.constraint.metric, check.constraint.subject, check.constraint.check_type, check.constraint.min_n
    return (*rule, bound, check.outcome, _measured(check.measurement), check.reason)
