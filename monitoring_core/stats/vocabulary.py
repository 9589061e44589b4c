"""Vocabulary: which words were seen, without keeping a word."""

from __future__ import annotations

from base64 import b85decode, b85encode
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final, Self
from zlib import compress, decompress

import numpy as np
from numpy.typing import NDArray

SLOTS: Final = 1 << 18
PLACES: Final = 3
"""Slots per word: with 20,000 words, one unseen word in a hundred is taken for a seen one."""
TWICE: Final = 2


def _nothing() -> NDArray[np.uint8]:
    return np.zeros(SLOTS, dtype=np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:  # noqa: PLW1641 - arrays have no hash
    r"""Slots that say whether a word was seen never, once, or more often; ``Vocabulary()`` is empty.

    A count-min sketch whose counters stop at 2. Saturating sums are associative and commutative. A seen
    word is never taken for an unseen one.

    Attributes
    ----------
    slots : ndarray of uint8, shape (SLOTS,)
        0, 1 or 2.
    words : int
        Words counted, repetitions included.

    References
    ----------
    .. [1] Cormode & Muthukrishnan (2005), Journal of Algorithms 55(1).

    Examples
    --------
    >>> seen = Vocabulary.of(["late", "flight", "late"])
    >>> seen.times(["late", "flight", "refund"]).tolist()
    [2, 1, 0]
    >>> round(seen.unseen_mass, 3)                    # one word in three occurred once
    0.333
    """

    slots: NDArray[np.uint8] = field(default_factory=_nothing)
    words: int = 0

    @classmethod
    def of(cls, words: Iterable[str]) -> Self:
        """Count words."""
        counts = Counter(words)
        slots = _nothing()
        if counts:
            times = np.minimum(np.fromiter(counts.values(), dtype=np.int64, count=len(counts)), TWICE)
            sums = np.zeros(SLOTS, dtype=np.int64)
            np.add.at(sums, _places(counts), times[:, None])
            slots = np.minimum(sums, TWICE).astype(np.uint8)
        return cls(slots, sum(counts.values()))

    def merge(self, other: Self, /) -> Self:
        """Return the words of both sides together."""
        return type(self)(np.minimum(self.slots + other.slots, TWICE).astype(np.uint8), self.words + other.words)

    def times(self, words: Iterable[str]) -> NDArray[np.uint8]:
        """Return 0, 1 or 2 (or more) for each word."""
        listed = list(words)
        if not listed:
            return np.empty(0, dtype=np.uint8)
        fewest: NDArray[np.uint8] = self.slots[_places(listed)].min(axis=1)
        return fewest

    @property
    def unseen_mass(self) -> float:
        """Share of future words that were never seen before, in [0, 1]: Good and Turing's words that occur once."""
        if not self.words:
            return float("nan")
        return min(1.0, int(np.count_nonzero(self.slots == 1)) / PLACES / self.words)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and self.words == other.words and np.array_equal(self.slots, other.slots)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"words": self.words, "slots": b85encode(compress(self.slots.tobytes(), 6)).decode()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(np.frombuffer(decompress(b85decode(data["slots"])), dtype=np.uint8), data["words"])


def _places(words: Iterable[str]) -> NDArray[np.int64]:
    """Return the slots of each word, shape (n, PLACES)."""
    digests = b"".join(
        blake2b(word.encode("utf-8", "surrogatepass"), digest_size=4 * PLACES).digest() for word in words
    )
    return (np.frombuffer(digests, dtype="<u4").reshape(-1, PLACES) % SLOTS).astype(np.int64)
