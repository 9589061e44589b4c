"""Reads fuzzed objects and compares what was read with what must have been."""

from __future__ import annotations

import gzip
import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from random import Random

import numpy as np
from numpy.typing import NDArray

from monitoring_core.dataset import Batch, Quarantine, Reason, Source, read_capture
from tests.fuzz.good import make_good
from tests.fuzz.records import COLUMNS, WINDOW, Fuzzed, Mix, scramble

RECORDS_AN_OBJECT = 2000
PLAIN = (
    b'{"captureData":{"endpointInput":{"data":"0,1,a","encoding":"CSV"},"endpointOutput":{"data":"1","encoding":"CSV"}},'
    b'"eventMetadata":{"eventId":"e","inferenceTime":"2024-01-01T00:00:00Z"}}'
)


@dataclass
class Expected:
    """What must be read of the objects made so far."""

    records: int = 0
    ids: array[float] = field(default_factory=lambda: array("d"))
    reasons: Counter[Reason] = field(default_factory=Counter)
    outside: int = 0

    def add(self, record: Fuzzed) -> None:
        self.records += 1
        self.outside += record.outside
        self.ids.extend(map(float, record.ids))
        if record.reason is not None:
            self.reasons[record.reason] += 1


def make_objects(n_records: int, seed: int, expected: Expected) -> Iterator[Source]:
    """Yield objects of fuzzed records, plain, gzip and damaged gzip, and note what they must give."""
    random = Random(seed)  # noqa: S311 - to be repeated, not to be secret
    mix = Mix(random)
    while expected.records < n_records:
        records = [_scrambled(random, mix) if random.random() < 0.05 else mix.next() for _ in range(RECORDS_AN_OBJECT)]
        yield _pack(random, records, f"object-{expected.records}.jsonl", expected)


def _pack(random: Random, records: list[Fuzzed], name: str, expected: Expected) -> Source:
    text = b"\n".join([record.line for record in records]) + random.choice((b"", b"\n"))
    kept, packing = records, random.random()
    if packing < 0.2:
        text = gzip.compress(text, 1)
    elif packing < 0.25:
        text = gzip.compress(text, 1)[: -random.randint(9, 2000)]
        whole = zlib.decompressobj(31).decompress(text).count(b"\n")
        kept = [*records[:whole], Fuzzed(b"", reason=Reason.TRUNCATED)]
    for record in kept:
        expected.add(record)
    return Source(name, text)


def _scrambled(random: Random, mix: Mix) -> Fuzzed:
    """Return a record with some bytes changed; what must become of it is what becomes of it behind one good record."""
    line, quarantine = scramble(random, make_good(random, mix.number).write(random)), Quarantine()
    source = Source("judge", b"%b\n%b\n" % (PLAIN, line))
    ids = ids_of(read_capture([source], COLUMNS, WINDOW, quarantine))[1:]
    reason = next(iter(quarantine.by_reason), None)
    return Fuzzed(line, tuple(ids.tolist()), reason, outside=bool(quarantine.out_of_window))


def ids_of(batches: Iterable[Batch]) -> NDArray[np.float64]:
    """Return the ids of all rows; a row without one has the id -1."""
    found = [batch["id"].numbers if "id" in batch.columns else np.full(len(batch), -1.0) for batch in batches]
    ids: NDArray[np.float64] = np.concatenate([np.empty(0), *found])
    ids[np.isnan(ids)] = -1.0
    return ids


@dataclass(frozen=True)
class Outcome:
    """What was read, beside what must have been."""

    expected: Expected
    quarantine: Quarantine
    rows: int
    """Rows that were read."""
    lost: int
    """Good rows that are missing."""
    invented: int
    """Rows that no record has."""

    @property
    def miscounted(self) -> dict[str, tuple[int, int]]:
        """Reasons with another count, as (read, expected)."""
        read, expected = self.quarantine.by_reason, self.expected.reasons
        return {
            str(reason): (read[reason], expected[reason])
            for reason in read | expected
            if read[reason] != expected[reason]
        }


def fuzz(n_records: int, seed: int) -> Outcome:
    """Read `n_records` fuzzed records in one go."""
    expected, quarantine = Expected(), Quarantine()
    read = ids_of(read_capture(make_objects(n_records, seed, expected), COLUMNS, WINDOW, quarantine))
    wanted = np.array(expected.ids)
    ids, counts = np.unique(np.concatenate([read, wanted]), return_inverse=True)
    more = np.bincount(counts[: len(read)], minlength=len(ids)) - np.bincount(counts[len(read) :], minlength=len(ids))
    return Outcome(expected, quarantine, len(read), int(-more[more < 0].sum()), int(more[more > 0].sum()))
