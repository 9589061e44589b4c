"""Repetitions: events that were captured more than once, as when a capture file was copied or played back again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Final
from zlib import crc32

import numpy as np

from monitoring_core.dataset.capture_record import RecordReader, Records
from monitoring_core.dataset.collector import variant_of
from monitoring_core.dataset.quarantine import Quarantine
from monitoring_core.dataset.source import Source
from monitoring_core.stats.distinct import hash_texts
from monitoring_core.stats.reservoir import Reservoir
from monitoring_core.window import Window

CAPACITY: Final = 1024
"""Different events that are kept: exact up to here, beyond it the standard error is about 0.02."""

_HALF: Final = np.uint64(32)
_LOW: Final = np.uint64(0xFFFF_FFFF)


def _nothing() -> Reservoir:
    return Reservoir.empty(capacity=CAPACITY)


@dataclass(slots=True)
class Repetitions:
    """Counts events by the id that the service gave them, on the events with the smallest hashes.

    Rows that are alike are none: traffic of few categories has many of them. Nor is an event that two variants have
    captured, for a shadow gets a copy of every request. Merging is exact, associative and commutative.

    Examples
    --------
    >>> seen = Repetitions()
    >>> seen.add(["a", "b"]); seen.add(["a", "b"]); seen.add(["a"], variant="shadow")
    >>> seen.share
    0.4
    """

    sample: Reservoir = field(default_factory=_nothing)

    @property
    def share(self) -> float:
        """Share of the events that repeat another, 0 to 1; ``nan`` without events."""
        repeated, total = self.sample.duplicates
        return repeated / total if total else float("nan")

    def add(self, ids: Sequence[str], variant: str = "") -> None:
        """Count events of one variant."""
        seed = crc32(variant.encode())
        checksums = np.fromiter(map(crc32, map(str.encode, ids), repeat(seed)), np.uint64, len(ids))
        kept = self.sample.hashes
        if kept.size == CAPACITY:  # a checksum is quick, and nearly all are too large
            candidates = np.flatnonzero(checksums <= kept[-1] >> _HALF)
            checksums, ids = checksums[candidates], [ids[i] for i in candidates]
        hashes = checksums << _HALF | hash_texts(f"{variant}\n{id_}" for id_ in ids) & _LOW
        self.sample = self.sample.merge(Reservoir.of(hashes, capacity=CAPACITY))

    def counting(self, reader: RecordReader) -> RecordReader:
        """Return a reader of the same records, which counts them on the way."""

        def read(
            source: Source, window: Window | None, quarantine: Quarantine, unplaced: Quarantine
        ) -> Iterator[Records]:
            variant = variant_of(source.name)
            for records in reader(source, window, quarantine, unplaced):
                self.add([record.event_metadata.event_id for record in records.records], variant)
                yield records

        return read

    def merge(self, other: Repetitions) -> Repetitions:
        """Return the events of both together."""
        return Repetitions(self.sample.merge(other.sample))
