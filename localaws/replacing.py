"""The one way in which the account changes moto."""

from __future__ import annotations

from typing import Any


def replace(owner: Any, name: str, replacement: Any) -> Any:
    """Put `replacement` in the place of a function or method of moto, and return the original.

    Raises
    ------
    AttributeError
        If moto has no such thing: after an upgrade the account must be looked at again, not run by halves.
    """
    if not hasattr(owner, name):
        raise AttributeError(f"moto has no {owner.__name__}.{name} any more; localaws was written for moto 5.2.5")
    original = getattr(owner, name)
    setattr(owner, name, replacement)
    return original


def add(owner: Any, name: str, operation: Any) -> None:
    """Give a class of moto an operation that it lacks.

    Raises
    ------
    AttributeError
        If moto has it by now: then the account must be looked at again, not hide it.
    """
    if getattr(owner, name, operation).__module__.startswith("moto."):
        raise AttributeError(f"moto has {owner.__name__}.{name} now; localaws was written for moto 5.2.5")
    setattr(owner, name, operation)
