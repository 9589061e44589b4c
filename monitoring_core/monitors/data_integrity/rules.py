"""Rules on rows: true, false, or not known because a value is missing."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitoring_core.dataset.batch import Batch, Column, TypeCode
from monitoring_core.monitors.segments import labels
from monitoring_core.spec.rule import Rule

Mask = NDArray[np.bool_]


class Truth(NamedTuple):
    """Kleene's three values per row: known to hold, known to fail, or neither."""

    holds: Mask
    fails: Mask


@dataclass(frozen=True, slots=True)
class _Operand:
    """One side of a comparison: numbers (``nan`` unknown), and texts (None unknown) where it has any."""

    numbers: NDArray[np.float64]
    texts: NDArray[np.object_] | None


_COMPARE: Final[Mapping[type[ast.cmpop], Callable[[Any, Any], Any]]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_CALCULATE: Final[Mapping[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def judge_rows(rule: Rule, batch: Batch) -> Truth:
    """Say for each row whether a rule holds.

    Numbers compare as numbers. Where one side is text, both compare as text, so that dates in ISO 8601
    have their order. A comparison with a missing value is neither true nor false.

    Raises
    ------
    ColumnNotFoundError
        If the batch lacks a column of the rule.

    Examples
    --------
    >>> from monitoring_core.dataset.types import column_from_texts
    >>> from monitoring_core.spec.rule import parse_rule
    >>> batch = Batch({"a": column_from_texts(["1", "5", None]), "b": column_from_texts(["2", "4", "9"])})
    >>> truth = judge_rows(parse_rule("a <= b"), batch)
    >>> truth.holds.tolist(), truth.fails.tolist()
    ([True, False, False], [False, True, False])
    """
    columns = {name: batch[column] for name, column in rule.columns.items()}
    return _truth(rule.tree, columns, len(batch))


def _truth(node: ast.expr, columns: Mapping[str, Column], rows: int) -> Truth:
    if isinstance(node, ast.BoolOp):
        join = _and if isinstance(node.op, ast.And) else _or
        return reduce(join, (_truth(part, columns, rows) for part in node.values))
    if isinstance(node, ast.UnaryOp):
        inner = _truth(node.operand, columns, rows)
        return Truth(inner.fails, inner.holds)
    assert isinstance(node, ast.Compare)  # noqa: S101 - parse_rule lets nothing else through
    sides = (node.left, *node.comparators)
    pairs = zip(sides, node.ops, sides[1:], strict=False)
    return reduce(_and, (_compare(left, op, right, columns, rows) for left, op, right in pairs))


def _compare(left: ast.expr, op: ast.cmpop, right: ast.expr, columns: Mapping[str, Column], rows: int) -> Truth:
    one = _value(left, columns, rows)
    if isinstance(right, (ast.List, ast.Tuple)):
        equal = ast.Eq()
        nothing = Truth(np.zeros(rows, dtype=bool), _known(one))
        matches = (_hold(one, equal, _value(element, columns, rows)) for element in right.elts)
        found = reduce(_or, matches, nothing)
        return found if isinstance(op, ast.In) else Truth(found.fails, found.holds)
    return _hold(one, op, _value(right, columns, rows))


def _hold(one: _Operand, op: ast.cmpop, other: _Operand) -> Truth:
    compare = _COMPARE[type(op)]
    if one.texts is None and other.texts is None:
        known = ~(np.isnan(one.numbers) | np.isnan(other.numbers))
        with np.errstate(invalid="ignore"):
            holds = compare(one.numbers, other.numbers) & known
        return Truth(holds, known & ~holds)
    known = _known(one) & _known(other)
    left, right = (_as_text(side)[known].astype(np.str_) for side in (one, other))
    holds = np.zeros(known.size, dtype=bool)
    holds[known] = compare(left, right)
    return Truth(holds, known & ~holds)


def _value(node: ast.expr, columns: Mapping[str, Column], rows: int) -> _Operand:
    if isinstance(node, ast.Name):
        return _of_column(columns[node.id])
    if isinstance(node, ast.Constant):
        return _of_constant(node.value, rows)
    if isinstance(node, ast.UnaryOp):
        return _Operand(-_value(node.operand, columns, rows).numbers, None)
    assert isinstance(node, ast.BinOp)  # noqa: S101 - parse_rule lets nothing else through
    left, right = (_value(side, columns, rows).numbers for side in (node.left, node.right))
    with np.errstate(divide="ignore", invalid="ignore"):
        return _Operand(np.asarray(_CALCULATE[type(node.op)](left, right)), None)


def _of_column(column: Column) -> _Operand:
    if column.texts is None:
        return _Operand(column.numbers, None)
    texts = labels(column).astype(np.object_)
    texts[column.codes == TypeCode.MISSING] = None
    return _Operand(column.numbers, texts)


def _of_constant(value: Any, rows: int) -> _Operand:
    if isinstance(value, (str, bool)):
        text = value if isinstance(value, str) else str(value).lower()
        return _Operand(np.full(rows, np.nan), np.full(rows, text, dtype=np.object_))
    return _Operand(np.full(rows, float(value)), None)


def _known(side: _Operand) -> Mask:
    if side.texts is None:
        return ~np.isnan(side.numbers)
    return np.fromiter((text is not None for text in side.texts), dtype=bool, count=side.texts.size)


def _as_text(side: _Operand) -> NDArray[np.object_]:
    if side.texts is not None:
        return side.texts
    codes = np.where(np.isnan(side.numbers), TypeCode.MISSING, TypeCode.FRACTIONAL).astype(np.uint8)
    return labels(Column(codes, side.numbers)).astype(np.object_)


def _and(one: Truth, other: Truth) -> Truth:
    return Truth(one.holds & other.holds, one.fails | other.fails)


def _or(one: Truth, other: Truth) -> Truth:
    return Truth(one.holds | other.holds, one.fails & other.fails)
