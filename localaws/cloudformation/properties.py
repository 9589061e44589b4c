"""Finds the properties of a template that a resource model never looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from moto.cloudformation.exceptions import ValidationError


class ReadTracker(dict[str, Any]):
    """A dictionary that knows which of its keys were read."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self._read: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self._read.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value, and remember that it was asked for."""
        self._read.add(key)
        return super().get(key, default)

    def pop(self, key: str, *default: Any) -> Any:
        """Remove a value, which counts as reading it."""
        self._read.add(key)
        return super().pop(key, *default)

    def __iter__(self) -> Iterator[str]:
        """Iterate, which counts as reading everything."""
        self._read.update(super().keys())
        return super().__iter__()

    def items(self) -> Any:
        """Return all items, which counts as reading everything."""
        self._read.update(super().keys())
        return super().items()

    def unread(self) -> set[str]:
        """Return the keys that nobody asked for."""
        return set(super().keys()) - self._read


def refuse_unread(logical_id: str, resource_type: str, name_property: str, properties: ReadTracker) -> None:
    """Fail when the model of a resource ignored a property.

    Raises
    ------
    ValidationError
        Names the resource and the properties.
    """
    # The name is read before the model is asked.
    ignored = properties.unread() - {name_property}
    if ignored:
        raise ValidationError(
            message=f"Resource {logical_id} ({resource_type}) has properties that the local account would ignore: "
            f"{', '.join(sorted(ignored))}; check the spelling, or teach localaws/cloudformation about them"
        )
