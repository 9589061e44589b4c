"""EventBridge event patterns, all operators; one that is not known is an error, not a match."""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

Test = Callable[[Any], bool]
"""Decides about one value of an event."""

_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}
_TEXT_OPERATORS = ("prefix", "suffix", "equals-ignore-case", "wildcard")


class InvalidEventPatternError(ValueError):
    """A pattern that EventBridge would refuse."""


@dataclass(frozen=True)
class Leaf:
    """The list of filters at one path: one of them must hold for one of the values there.

    Attributes
    ----------
    tests : tuple of callable
        Filters that look at a value.
    absent : bool
        Whether an event without the field matches (``exists: false``).
    """

    tests: tuple[Test, ...]
    absent: bool

    def matches(self, values: Sequence[Any]) -> bool:
        """Whether one of the values at the path passes, or there is none and that is asked for."""
        if not values:
            return self.absent
        return any(test(value) for value in values for test in self.tests)


@dataclass(frozen=True)
class Pattern:
    """A compiled pattern: alternatives of paths that must all match.

    ``$or`` is multiplied out, as EventBridge does.

    Examples
    --------
    >>> pattern = compile_pattern({"source": ["aws.cloudwatch"], "detail": {"alarmName": [{"prefix": "flights-"}]}})
    >>> pattern.matches({"source": "aws.cloudwatch", "detail": {"alarmName": "flights-drift"}})
    True
    >>> pattern.matches({"source": "aws.cloudwatch", "detail": {}})
    False
    >>> compile_pattern({"source": [{"like": "aws"}]})
    Traceback (most recent call last):
    ...
    localaws.eventbridge.pattern.InvalidEventPatternError: unknown operator 'like' at source; allowed are \
anything-but, cidr, equals-ignore-case, exists, numeric, prefix, suffix, wildcard
    """

    alternatives: tuple[Mapping[tuple[str, ...], Leaf], ...]

    def matches(self, event: Mapping[str, Any]) -> bool:
        """Whether the event passes."""
        return any(
            all(leaf.matches(list(_values(event, path))) for path, leaf in alternative.items())
            for alternative in self.alternatives
        )


def compile_pattern(pattern: Mapping[str, Any]) -> Pattern:
    """Compile a pattern.

    Raises
    ------
    InvalidEventPatternError
        Names the place and what is allowed.
    """
    if not pattern:
        raise InvalidEventPatternError("an event pattern must not be empty")
    return Pattern(tuple(_alternatives(pattern, ())))


def _alternatives(node: Mapping[str, Any], path: tuple[str, ...]) -> Iterable[Mapping[tuple[str, ...], Leaf]]:
    choices: list[list[Mapping[tuple[str, ...], Leaf]]] = []
    for key, value in node.items():
        if key == "$or" and isinstance(value, list):
            choices.append([one for branch in value for one in _alternatives(branch, path)])
        elif isinstance(value, Mapping):
            choices.append(list(_alternatives(value, (*path, key))))
        else:
            choices.append([{(*path, key): _leaf(value, ".".join((*path, key)))}])
    for choice in product(*choices):
        yield {place: leaf for part in choice for place, leaf in part.items()}


def _leaf(filters: Any, place: str) -> Leaf:
    if not isinstance(filters, list) or not filters:
        raise InvalidEventPatternError(
            f"{place} must be an object or a list with at least one element, got {filters!r}"
        )
    absent = any(isinstance(one, dict) and one.get("exists") is False for one in filters)
    return Leaf(tuple(_test(one, place) for one in filters), absent)


def _test(one: Any, place: str) -> Test:
    if not isinstance(one, dict):
        return lambda value: _same(value, one)
    if len(one) != 1:
        raise InvalidEventPatternError(f"a filter at {place} must have exactly one operator, got {sorted(one)}")
    (name, argument), *_ = one.items()
    if name not in _OPERATORS:
        allowed = ", ".join(sorted(_OPERATORS))
        raise InvalidEventPatternError(f"unknown operator {name!r} at {place}; allowed are {allowed}")
    try:
        return _OPERATORS[name](argument)
    except (TypeError, ValueError, KeyError) as error:
        raise InvalidEventPatternError(f"operator {name!r} at {place} cannot take {argument!r}: {error}") from error


def _same(value: Any, wanted: Any) -> bool:
    """Compare as JSON does: 1 is 1.0, but true is not 1."""
    return isinstance(value, bool) == isinstance(wanted, bool) and bool(value == wanted)


def _values(node: Any, path: tuple[str, ...]) -> Iterable[Any]:
    """Yield the values at a path; arrays count element by element."""
    if isinstance(node, list):
        for element in node:
            yield from _values(element, path)
    elif not path:
        yield node
    elif isinstance(node, Mapping) and path[0] in node:
        yield from _values(node[path[0]], path[1:])


def _text(check: Callable[[str, str], bool]) -> Callable[[Any], Test]:
    """Make an operator of a comparison of two texts; lists mean any, ``equals-ignore-case`` inside ignores case."""

    def build(argument: Any) -> Test:
        if isinstance(argument, dict):
            wanted = argument["equals-ignore-case"].lower()
            return lambda value: isinstance(value, str) and check(value.lower(), wanted)
        texts = argument if isinstance(argument, list) else [argument]
        if not all(isinstance(text, str) for text in texts):
            raise TypeError("only text is allowed")
        return lambda value: isinstance(value, str) and any(check(value, text) for text in texts)

    return build


def _wildcard(value: str, wanted: str) -> bool:
    parts = re.split(r"(\\.|\*)", wanted)
    pattern = "".join(".*" if part == "*" else re.escape(part.removeprefix("\\")) for part in parts)
    return re.fullmatch(pattern, value, re.DOTALL) is not None


def _numeric(argument: Any) -> Test:
    names, bounds = argument[::2], argument[1::2]
    if not argument or len(names) != len(bounds) or not all(isinstance(bound, (int, float)) for bound in bounds):
        raise ValueError("it takes comparisons and numbers by turns")
    checks = [(_COMPARISONS[name], bound) for name, bound in zip(names, bounds, strict=True)]
    return lambda value: (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and all(check(value, bound) for check, bound in checks)
    )


def _anything_but(argument: Any) -> Test:
    if isinstance(argument, dict):
        ((name, inner),) = argument.items()
        if name not in _TEXT_OPERATORS:
            raise ValueError(f"inside anything-but only {', '.join(_TEXT_OPERATORS)} are allowed")
        test = _OPERATORS[name](inner)
        return lambda value: not test(value)
    unwanted = argument if isinstance(argument, list) else [argument]
    return lambda value: not any(_same(value, one) for one in unwanted)


def _exists(argument: Any) -> Test:
    if not isinstance(argument, bool):
        raise TypeError("only true and false are allowed")
    return lambda _: argument


def _cidr(argument: Any) -> Test:
    network = ipaddress.ip_network(argument)

    def test(value: Any) -> bool:
        try:
            return ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return test


_OPERATORS: Mapping[str, Callable[[Any], Test]] = {
    "anything-but": _anything_but,
    "cidr": _cidr,
    "equals-ignore-case": _text(lambda value, wanted: value.lower() == wanted.lower()),
    "exists": _exists,
    "numeric": _numeric,
    "prefix": _text(str.startswith),
    "suffix": _text(str.endswith),
    "wildcard": _text(_wildcard),
}
