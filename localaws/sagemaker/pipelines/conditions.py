"""The comparisons of a condition step."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from localaws.sagemaker.pipelines.expressions import ExpressionError, Scope
from localaws.sagemaker.store import Document

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}


def holds(condition: Document, scope: Scope) -> bool:
    """Tell whether a condition holds.

    Raises
    ------
    ExpressionError
        If its type is not known, or its values cannot be compared.
    """
    kind = condition["Type"]
    if kind in _COMPARISONS:
        return _compare(kind, scope.resolve(condition["LeftValue"]), scope.resolve(condition["RightValue"]))
    match kind:
        case "In":
            return scope.resolve(condition["QueryValue"]) in scope.resolve(condition["Values"])
        case "Not":
            return not holds(condition["Expression"], scope)
        case "Or":
            return any(holds(one, scope) for one in condition["Conditions"])
    raise ExpressionError(f"the condition type {kind!r} is not known on the local account")


def _compare(kind: str, left: Any, right: Any) -> bool:
    numbers = _number(left), _number(right)
    if None not in numbers:
        left, right = numbers
    try:
        return bool(_COMPARISONS[kind](left, right))
    except TypeError as error:
        raise ExpressionError(f"{kind} cannot compare {left!r} with {right!r}") from error


def _number(value: Any) -> float | None:
    """Return a number for a number, or for text that is one: parameters and files both write numbers as text."""
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
