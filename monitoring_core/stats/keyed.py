"""Keyed: a map of mergeable statistics is one, too."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Self, TypeVar

from monitoring_core.stats.mergeable import Mergeable

K = TypeVar("K", bound=Hashable)
M = TypeVar("M", bound=Mergeable)


@dataclass(frozen=True, slots=True)
class Keyed(Generic[K, M]):
    """Statistics by key: columns, segments, variants, hours; ``Keyed()`` is empty.

    Keys keep the order in which they first appear; equality ignores it.

    Examples
    --------
    >>> from monitoring_core.stats.type_counts import TypeCounts
    >>> left = Keyed({"a": TypeCounts(integral=1)})
    >>> right = Keyed({"a": TypeCounts(integral=2), "b": TypeCounts(string=1)})
    >>> left.merge(right)["a"].integral, list(left.merge(right))
    (3, ['a', 'b'])
    """

    items: Mapping[K, M] = field(default_factory=dict)

    def merge(self, other: Self, /) -> Self:
        """Merge key by key; a key of one side only is kept as it is."""
        merged = dict(self.items)
        for key, value in other.items.items():
            merged[key] = merged[key].merge(value) if key in merged else value
        return type(self)(merged)

    def __getitem__(self, key: K) -> M:
        return self.items[key]

    def get(self, key: K) -> M | None:
        """Return the statistic of a key, or None."""
        return self.items.get(key)

    def __iter__(self) -> Iterator[K]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def to_dict(self, encode: Callable[[M], Any]) -> dict[K, Any]:
        """Return plain JSON values, each statistic through `encode`."""
        return {key: encode(value) for key, value in self.items.items()}

    @classmethod
    def from_dict(cls, data: Mapping[K, Any], decode: Callable[[Any], M]) -> Self:
        """Read what `to_dict` wrote, each statistic through `decode`."""
        return cls({key: decode(value) for key, value in data.items()})
