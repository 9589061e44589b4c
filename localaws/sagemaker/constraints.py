"""The limits of the API's own model, which botocore knows and does not check: lengths, numbers, patterns, choices."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from localaws.sagemaker.store import Request, ValidationError

_LONGEST_VALUE = 100


def check(request: Request, shape: Any) -> None:
    """Refuse a request that breaks a limit of its `shape`, a shape of botocore's service model.

    Raises
    ------
    ValidationError
        With every broken limit, as Amazon words it.
    """
    if broken := list(_broken(request, shape, "")):
        count = f"{len(broken)} validation error{'s' if len(broken) > 1 else ''} detected"
        raise ValidationError(f"{count}: {'; '.join(broken)}")


def _broken(value: Any, shape: Any, path: str) -> Iterator[str]:
    for constraint in _constraints(value, shape.metadata):
        shown = str(value)[:_LONGEST_VALUE]
        yield f"Value '{shown}' at '{path}' failed to satisfy constraint: Member must {constraint}"
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            if name in value:
                yield from _broken(value[name], member, f"{path}.{_lower_first(name)}".lstrip("."))
    elif shape.type_name == "list":
        for number, item in enumerate(value, start=1):
            yield from _broken(item, shape.member, f"{path}.{number}.member")
    elif shape.type_name == "map":
        for key, item in value.items():
            yield from _broken(key, shape.key, f"{path}.{key}.key")
            yield from _broken(item, shape.value, f"{path}.{key}.value")


def _constraints(value: Any, metadata: dict[str, Any]) -> Iterator[str]:
    """Name what `value` breaks.

    Examples
    --------
    >>> list(_constraints("a b", {"max": 2, "pattern": "[a-z]+"}))
    ['have length less than or equal to 2', 'satisfy regular expression pattern: [a-z]+']
    >>> list(_constraints(0, {"min": 1}))
    ['have value greater than or equal to 1']
    """
    number = isinstance(value, int | float)
    size, what = (
        (value, "value") if number else (len(value) if isinstance(value, str | list | dict) else None, "length")
    )
    if size is not None and size > metadata.get("max", size):
        yield f"have {what} less than or equal to {metadata['max']}"
    if size is not None and size < metadata.get("min", size):
        yield f"have {what} greater than or equal to {metadata['min']}"
    if not isinstance(value, str):
        return
    if (pattern := _compiled(metadata.get("pattern", ""))) and not pattern.fullmatch(value):
        yield f"satisfy regular expression pattern: {metadata['pattern']}"
    if "enum" in metadata and value not in metadata["enum"]:
        yield f"satisfy enum value set: [{', '.join(metadata['enum'])}]"


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """Return the pattern; None for one that only Java understands, for instance with classes of Unicode."""
    try:
        return re.compile(pattern, re.DOTALL) if pattern else None
    except re.error:
        return None


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]
