"""Distinct: how many different values there are, in bounded space."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

SIZE: Final = 1024
"""Hashes kept: exact up to here, about 3 % relative standard error (1 / sqrt(SIZE - 2)) beyond."""


def _none() -> Hashes:
    return np.empty(0, dtype=np.uint64)


def hash_texts(texts: Iterable[str]) -> Hashes:
    """64-bit hashes of texts, the same on every machine."""
    digests = b"".join(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest() for text in texts)
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


def hash_numbers(values: NDArray[np.float64]) -> Hashes:
    """64-bit hashes of numbers: the finaliser of SplitMix64 over their bits; -0.0 counts as 0.0."""
    bits = np.ascontiguousarray(values + 0.0).view(np.uint64)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: Hashes = bits ^ (bits >> np.uint64(31))
    return mixed


@dataclass(frozen=True, slots=True, eq=False)
class Distinct:  # noqa: PLW1641 - arrays have no hash
    r"""Count of distinct values: exact up to `SIZE`, estimated beyond; ``Distinct()`` is empty.

    Keeps the `SIZE` smallest 64-bit hashes (k minimum values [1]_). With the k-th smallest hash at the
    share :math:`u_k` of the range, the estimate is :math:`(k - 1) / u_k`. The k smallest of a union are
    among the k smallest of the parts, so merging is exact, associative and commutative.

    References
    ----------
    .. [1] Beyer et al. (2007), On synopses for distinct-value estimation, SIGMOD.

    Examples
    --------
    >>> Distinct.of_texts(["a", "b", "a"]).estimate
    2
    >>> many = Distinct.of_texts(str(i) for i in range(20_000))
    >>> 0.9 < many.estimate / 20_000 < 1.1
    True
    """

    hashes: Hashes = field(default_factory=_none)

    @classmethod
    def of(cls, hashes: Hashes) -> Self:
        """Keep the smallest of some hashes."""
        if hashes.size > SIZE * 8:  # most are far too large: drop them before sorting
            limit = np.uint64(int(2**64 * min(1.0, 4 * SIZE / hashes.size)) - 1)
            small = np.unique(hashes[hashes <= limit])
            if small.size >= SIZE:
                return cls(small[:SIZE])
        return cls(np.unique(hashes)[:SIZE])

    @classmethod
    def of_texts(cls, texts: Iterable[str]) -> Self:
        """Count distinct texts."""
        return cls.of(hash_texts(texts))

    @classmethod
    def of_numbers(cls, values: NDArray[np.float64]) -> Self:
        """Count distinct numbers."""
        return cls.of(hash_numbers(values))

    def merge(self, other: Self, /) -> Self:
        """Return the distinct values of both sides together."""
        if not self.hashes.size or not other.hashes.size:
            return self if self.hashes.size else other
        return type(self)(np.union1d(self.hashes, other.hashes)[:SIZE])

    @property
    def is_exact(self) -> bool:
        """Whether `estimate` is the exact count."""
        return self.hashes.size < SIZE

    @property
    def estimate(self) -> int:
        """Number of distinct values."""
        if self.is_exact:
            return int(self.hashes.size)
        share = (int(self.hashes[-1]) + 1) / 2**64
        return math.floor((SIZE - 1) / share)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Distinct) and np.array_equal(self.hashes, other.hashes)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"hashes": [f"{value:016x}" for value in self.hashes.tolist()]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(np.array([int(value, 16) for value in data["hashes"]], dtype=np.uint64))
