"""Metric math: the part of CloudWatch's expression language that alarms use.

Operators ``+ - * / ^``, comparisons, ``AND && OR ||``, numbers, ids, lists and the functions of
`monitoring_core.alarms.functions`. Anything else is refused, never guessed.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Final, Self

from monitoring_core.alarms.functions import FILL_MODES, FUNCTIONS, Scope, Value, elementwise

MAX_LENGTH: Final = 2048
_BINARY: Final[Mapping[type[ast.AST], Callable[[float, float], float]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.Eq: lambda a, b: float(a == b),
    ast.NotEq: lambda a, b: float(a != b),
    ast.Lt: lambda a, b: float(a < b),
    ast.LtE: lambda a, b: float(a <= b),
    ast.Gt: lambda a, b: float(a > b),
    ast.GtE: lambda a, b: float(a >= b),
    ast.And: lambda a, b: float(bool(a) and bool(b)),
    ast.Or: lambda a, b: float(bool(a) or bool(b)),
}
_PYTHON_WORD: Final = {"&&": " and ", "||": " or ", "AND": " and ", "OR": " or ", "^": "**"}


@dataclass(frozen=True)
class Expression:
    """A checked expression.

    Attributes
    ----------
    names : set of str
        Ids of the queries it reads.
    uses_metrics : bool
        Whether it calls ``METRICS()``, which reads every metric of the alarm.
    """

    text: str
    root: ast.expr
    names: frozenset[str]
    uses_metrics: bool

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read and check an expression.

        Raises
        ------
        ValueError
            Naming what is not supported, and what is.

        Examples
        --------
        >>> sorted(Expression.parse("IF(errors > 5 && FILL(calls, 0) > 0, errors / calls, 0)").names)
        ['calls', 'errors']
        >>> Expression.parse("SEARCH('x', 'Sum', 300)")
        Traceback (most recent call last):
        ...
        ValueError: function SEARCH is not supported in "SEARCH('x', 'Sum', 300)"; supported: ABS, AVG, ...
        """
        if len(text) > MAX_LENGTH:
            raise ValueError(f"an expression has at most {MAX_LENGTH} characters, got {len(text)}")
        # The grammar is a subset of Python's once these words are translated; strings stay as they are.
        words = r'"[^"]*"|\'[^\']*\'|&&|\|\||\^|\bAND\b|\bOR\b'
        translated = re.sub(words, lambda found: _PYTHON_WORD.get(found[0], found[0]), text.strip())
        try:
            root = ast.parse(translated, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise ValueError(f"cannot read expression {text!r}; check brackets, commas and operators") from None
        _check(root, text)
        called = {
            node.func.id for node in ast.walk(root) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        names = {node.id for node in ast.walk(root) if isinstance(node, ast.Name)}
        return cls(text, root, frozenset(names - called - FILL_MODES), "METRICS" in called)

    def evaluate(self, scope: Scope) -> Value:
        """Value of the expression: a number, a series, or a list of series."""
        return _evaluate(self.root, scope)


def _check(node: ast.expr, text: str) -> None:
    """Refuse everything that is not metric math."""
    match node:
        case ast.Constant(value=value) if type(value) in (int, float, str):
            return
        case ast.Name():
            return
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            parts = [operand]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            parts = [left, right]
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _BINARY:
            parts = [left, right]
        case ast.BoolOp(values=parts) | ast.List(elts=parts):
            pass
        case ast.Call(func=ast.Name(id=name), args=parts, keywords=[]):
            _check_call(name, len(parts), text)
        case _:
            raise ValueError(f"{ast.unparse(node)!r} is not supported in {text!r}; use + - * / ^, comparisons, AND, OR")
    for part in parts:
        _check(part, text)


def _check_call(name: str, n_arguments: int, text: str) -> None:
    function = FUNCTIONS.get(name)
    if function is None:
        raise ValueError(f"function {name} is not supported in {text!r}; supported: {', '.join(sorted(FUNCTIONS))}")
    if n_arguments not in function.arities:
        raise ValueError(
            f"{name} takes {' or '.join(map(str, function.arities))} argument(s) in {text!r}, got {n_arguments}"
        )


def _evaluate(node: ast.expr, scope: Scope) -> Value:  # noqa: PLR0911 - one return for each kind of node
    match node:
        case ast.Constant(value=str(value)):
            return value
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name):
            return name if name in FILL_MODES else scope.values[name]
        case ast.UnaryOp(operand=operand):
            return elementwise(operator.sub, 0.0, _evaluate(operand, scope))
        case ast.BinOp(left=left, op=op, right=right) | ast.Compare(left=left, ops=[op], comparators=[right]):
            return elementwise(_BINARY[type(op)], _evaluate(left, scope), _evaluate(right, scope))
        case ast.BoolOp(op=op, values=values):
            parts = [_evaluate(value, scope) for value in values]
            return reduce(lambda a, b: elementwise(_BINARY[type(op)], a, b), parts)
        case ast.List(elts=elements):
            return [_evaluate(element, scope) for element in elements]
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return FUNCTIONS[name].call(scope, *(_evaluate(argument, scope) for argument in arguments))
    raise AssertionError(f"unchecked node {node!r}")
