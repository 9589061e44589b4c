"""What a policy document says about one permission, as IAM evaluates it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

Effect = Literal["Allow", "Deny"]
Test = Callable[[str, str], bool]


@dataclass(frozen=True)
class Permission:
    """What a call needs: an action on a resource, and what is known of the request.

    Attributes
    ----------
    action : str
        For instance ``s3:ListBucket``.
    resource : str
        An ARN; ``*`` where the action takes no resource.
    context : tuple of (str, str)
        Condition keys of the request and their values.
    """

    action: str
    resource: str
    context: tuple[tuple[str, str], ...] = ()


class PolicyError(ValueError):
    """A policy that says something which is not evaluated here."""


@cache
def _pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    r"""Return IAM's wildcards as a regular expression.

    >>> bool(_pattern("s3:Get*").fullmatch("s3:GetObject")), bool(_pattern("a.?").fullmatch("abc"))
    (True, False)
    """
    return re.compile(re.escape(text).replace(r"\*", ".*").replace(r"\?", "."), flags | re.DOTALL)


def _like(expected: str, given: str) -> bool:
    return _pattern(expected).fullmatch(given) is not None


_TESTS: Mapping[str, Test] = {
    "StringEquals": str.__eq__,
    "StringLike": _like,
    "ArnEquals": _like,
    "ArnLike": _like,
    "Bool": lambda expected, given: expected.lower() == given.lower(),
}


@dataclass(frozen=True)
class Condition:
    """One line of a statement's conditions."""

    test: Test
    if_exists: bool
    key: str
    expected: tuple[str, ...]

    def holds(self, context: Mapping[str, str]) -> bool:
        """Tell whether the request fulfils it; one that does not have the key only does with ``IfExists``."""
        given = context.get(self.key.lower())
        return self.if_exists if given is None else any(self.test(expected, given) for expected in self.expected)


@dataclass(frozen=True)
class Statement:
    """One statement of a policy."""

    effect: Effect
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[Condition, ...]

    def speaks_of(self, permission: Permission) -> bool:
        """Tell whether action, resource and conditions are those of `permission`."""
        context = {key.lower(): value for key, value in permission.context}
        return (
            any(_pattern(action, re.IGNORECASE).fullmatch(permission.action) for action in self.actions)
            and any(_like(resource, permission.resource) for resource in self.resources)
            and all(condition.holds(context) for condition in self.conditions)
        )


def allows(documents: Iterable[str], permission: Permission) -> bool:
    """Tell whether policies allow something: one says so, and none denies it.

    Parameters
    ----------
    documents : iterable of str
        JSON of identity policies: with ``Action`` and ``Resource``, without principals.

    Raises
    ------
    PolicyError
        If a document has an element or an operator that is not evaluated here.

    Examples
    --------
    >>> document = '{"Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::b/in/*"}}'
    >>> [allows([document], Permission("s3:GetObject", f"arn:aws:s3:::b/{key}")) for key in ("in/x", "out/x")]
    [True, False]
    """
    effects = {one.effect for document in documents for one in statements(document) if one.speaks_of(permission)}
    return effects == {"Allow"}


@cache
def statements(document: str) -> tuple[Statement, ...]:
    """Read a policy document.

    Raises
    ------
    PolicyError
        If it has an element or an operator that is not evaluated here.
    """
    return tuple(_statement(one) for one in _listed(json.loads(document)["Statement"]))


def _statement(given: Mapping[str, Any]) -> Statement:
    if unknown := set(given) - {"Sid", "Effect", "Action", "Resource", "Condition"}:
        raise PolicyError(f"{sorted(unknown)} of a statement cannot be evaluated on the local account: {given}")
    conditions = given.get("Condition", {})
    return Statement(
        effect=given["Effect"],
        actions=_listed(given["Action"]),
        resources=_listed(given["Resource"]),
        conditions=tuple(
            _condition(operator, key, values) for operator, keys in conditions.items() for key, values in keys.items()
        ),
    )


def _condition(operator: str, key: str, values: Any) -> Condition:
    name = operator.removesuffix("IfExists")
    if name not in _TESTS:
        raise PolicyError(
            f"the condition operator {operator} is not evaluated on the local account; {', '.join(_TESTS)} are"
        )
    expected = tuple(str(value).lower() if isinstance(value, bool) else value for value in _listed(values))
    return Condition(_TESTS[name], operator != name, key, expected)


def _listed(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list) else (value,)
