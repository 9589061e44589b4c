"""Rules between columns, as expressions: ``departure <= arrival``, ``kind in ["a", "b"] or amount > 0``."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from monitoring_core.errors import ConfigError

_QUOTED: Final = re.compile(r"`([^`]+)`")

_ALLOWED: Final = (
    ast.Expression,
    ast.BoolOp,
    ast.And,
    ast.Or,
    ast.UnaryOp,
    ast.Not,
    ast.USub,
    ast.Compare,
    ast.Lt,
    ast.LtE,
    ast.Gt,
    ast.GtE,
    ast.Eq,
    ast.NotEq,
    ast.In,
    ast.NotIn,
    ast.BinOp,
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.Div,
    ast.Name,
    ast.Load,
    ast.Constant,
    ast.List,
    ast.Tuple,
)
_GRAMMAR: Final = (
    "a rule compares columns, numbers and texts with < <= > >= == != `in [...]`, joins with `and`, `or`, `not`, "
    "and may add, subtract, multiply and divide"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A parsed rule.

    Attributes
    ----------
    text : str
        As it was written.
    tree : ast.expr
        Made of the allowed nodes only; it is interpreted, never executed.
    columns : mapping of str to str
        Column by the name it has in the tree.
    """

    text: str
    tree: ast.expr
    columns: Mapping[str, str]


def parse_rule(text: str) -> Rule:
    """Parse a rule; a column whose name is no identifier stands in backquotes.

    Raises
    ------
    ConfigError
        If it is not a rule.

    Examples
    --------
    >>> sorted(parse_rule("`air time` <= arrival - departure").columns.values())
    ['air time', 'arrival', 'departure']
    >>> parse_rule("__import__('os')")
    Traceback (most recent call last):
    monitoring_core.errors.ConfigError: rule "__import__('os')" cannot be used: Call is not allowed; a rule compares \
columns, numbers and texts with < <= > >= == != `in [...]`, joins with `and`, `or`, `not`, and may add, subtract, \
multiply and divide
    """
    quoted: dict[str, str] = {}

    def placeholder(match: re.Match[str]) -> str:
        name = f"_quoted_{len(quoted)}"
        quoted[name] = match[1]
        return name

    try:
        tree = ast.parse(_QUOTED.sub(placeholder, text.strip()), mode="eval")
    except (SyntaxError, ValueError) as error:
        raise ConfigError(f'rule "{text}" cannot be used: {error}; {_GRAMMAR}') from None
    _check(tree, text)
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    if not names:
        raise ConfigError(f'rule "{text}" cannot be used: it names no column; {_GRAMMAR}')
    return Rule(text, tree.body, {name: quoted.get(name, name) for name in sorted(names)})


def _check(tree: ast.Expression, text: str) -> None:
    for node in ast.walk(tree):
        if not isinstance(node, _ALLOWED):
            raise ConfigError(f'rule "{text}" cannot be used: {type(node).__name__} is not allowed; {_GRAMMAR}')
        if isinstance(node, ast.Constant) and not isinstance(node.value, (str, int, float)):
            raise ConfigError(f'rule "{text}" cannot be used: {node.value!r} is not a number or a text; {_GRAMMAR}')
    _check_truth(tree.body, text)


def _check_truth(node: ast.expr, text: str) -> None:
    """Truths are comparisons, and what joins them; lists stand on the right of `in` only."""
    if isinstance(node, ast.BoolOp):
        for part in node.values:
            _check_truth(part, text)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        _check_truth(node.operand, text)
    elif isinstance(node, ast.Compare):
        _check_operands(node, text)
    else:
        raise ConfigError(f'rule "{text}" cannot be used: {ast.unparse(node)} is neither true nor false; {_GRAMMAR}')


def _check_operands(node: ast.Compare, text: str) -> None:
    for operator, operand in zip((None, *node.ops), (node.left, *node.comparators), strict=True):
        is_list = isinstance(operand, (ast.List, ast.Tuple))
        if is_list != isinstance(operator, (ast.In, ast.NotIn)):
            raise ConfigError(f'rule "{text}" cannot be used: `in` needs a list, and lists need `in`; {_GRAMMAR}')
        inner = operand.elts if isinstance(operand, (ast.List, ast.Tuple)) else [operand]
        for part in inner:
            if is_list and not isinstance(_unsigned(part), ast.Constant):
                raise ConfigError(f'rule "{text}" cannot be used: a list holds numbers and texts only; {_GRAMMAR}')
            for child in ast.walk(part):
                if isinstance(child, (ast.Compare, ast.BoolOp, ast.Not, ast.List, ast.Tuple)):
                    raise ConfigError(f'rule "{text}" cannot be used: {ast.unparse(part)} is not a value; {_GRAMMAR}')


def _unsigned(node: ast.expr) -> ast.expr:
    return node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else node
