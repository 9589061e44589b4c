"""Where two values differ, by path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def differences(path: str, expected: Any, found: Any) -> Iterator[str]:
    """Yield one line for everything in which `found` is not exactly what is `expected`."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted({*expected, *found}):
            if key not in found:
                yield f"{path}.{key}: missing, the template has {expected[key]!r}"
            elif key not in expected:
                yield f"{path}.{key}: {found[key]!r} is not in the template"
            else:
                yield from differences(f"{path}.{key}", expected[key], found[key])
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for number, (one, other) in enumerate(zip(_ordered(expected), _ordered(found), strict=True)):
            yield from differences(f"{path}[{number}]", one, other)
    elif expected != found:
        yield f"{path}: {found!r}, the template has {expected!r}"


def _ordered(items: list[Any]) -> list[Any]:
    """Sort tags and other lists of named things, whose order means nothing; leave others alone."""
    if all(isinstance(item, dict) and set(item) == {"Key", "Value"} for item in items):
        return sorted(items, key=lambda item: str(item["Key"]))
    return items
