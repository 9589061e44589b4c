"""What readers have in common: their signature, and CloudFormation's spelling."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

_T = TypeVar("_T")

Properties = dict[str, Any]
Client = Callable[[str], Any]
"""Gives the boto3 client of a service."""

Reader = Callable[[Client, str, Properties], Properties]
"""(clients, physical id, what the template says) -> live properties.

What the template says helps to find the resource where its physical id does not; it is no answer, but where the service
keeps only a hash: then it is the answer if it has that hash. Readers raise `LookupError` or botocore's `ClientError`
where the resource is gone.
"""


def only(items: Iterable[_T]) -> _T:
    """Return the only item.

    Raises
    ------
    LookupError
        If there is none, or more than one.
    """
    found = list(items)
    if len(found) != 1:
        raise LookupError(f"expected one, got {len(found)}")
    return found[0]


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return tags as CloudFormation writes them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def upper_first(value: Any) -> Any:
    """Return `value` with every key beginning in upper case."""
    if isinstance(value, dict):
        return {key[:1].upper() + key[1:]: upper_first(item) for key, item in value.items()}
    return [upper_first(item) for item in value] if isinstance(value, list) else value


def number(text: str) -> int | str:
    """Return an attribute that the API spells as text; digits are a number in a template."""
    return int(text) if text.isdigit() else text
