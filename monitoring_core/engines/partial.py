"""Partial: what one shard of the data, a process or a task, hands over to the one that concludes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Final, Literal, Self

import msgspec
import numpy as np

from monitoring_core.dataset.labelled import JoinReport
from monitoring_core.dataset.quarantine import Quarantine, QuarantinedRecord, Reason
from monitoring_core.dataset.repetitions import Repetitions
from monitoring_core.engines.local import Failure
from monitoring_core.errors import DataError, IncompatibleStatesError
from monitoring_core.fold import Fold
from monitoring_core.stats.reservoir import Reservoir

VERSION: Final = 2
"""Goes up whenever a partial is written in another way."""

_ADVICE: Final = "fold the window again, with the same version everywhere"


@dataclass(frozen=True, slots=True)
class Partial:
    """States of one shard.

    Attributes
    ----------
    states : mapping of str to bytes
        By the name of the monitor, from `Fold.dump`.
    quarantine : Quarantine
        Bad records of this shard's own objects.
    labels : JoinReport or None
        What became of this shard's events; all labels were given to every shard. None without labels.
    label_quarantine : Quarantine
        Bad records among the labels, which every shard has read.
    failures : mapping of str to Failure
        Monitors that could not be computed on this shard.
    repetitions : Repetitions
        How often this shard's events were captured.
    """

    states: Mapping[str, bytes]
    quarantine: Quarantine = field(default_factory=Quarantine)
    labels: JoinReport | None = None
    label_quarantine: Quarantine = field(default_factory=Quarantine)
    failures: Mapping[str, Failure] = field(default_factory=dict)
    repetitions: Repetitions = field(default_factory=Repetitions)

    def dump(self) -> bytes:
        """Write everything; the same content gives the same bytes."""
        body = _Body(
            "watchkeeper-partial",
            VERSION,
            dict(self.states),
            _Quarantine.of(self.quarantine),
            None if self.labels is None else _Labels.of(self.labels),
            _Quarantine.of(self.label_quarantine),
            dict(self.failures),
            _Repetitions.of(self.repetitions),
        )
        return msgspec.msgpack.Encoder(order="deterministic").encode(body)

    @classmethod
    def load(cls, body: bytes) -> Self:
        """Read what `dump` wrote.

        Raises
        ------
        IncompatibleStatesError
            If it is something else, or was written by another version.

        Examples
        --------
        >>> Partial.load(Partial({"data-quality": b"..."}).dump()).states
        {'data-quality': b'...'}
        """
        try:
            found = msgspec.msgpack.decode(body, type=_Body)
        except msgspec.MsgspecError as error:
            raise IncompatibleStatesError(
                "these bytes are no partial", expected=f"format version {VERSION}", got=str(error), advice=_ADVICE
            ) from None
        if found.version != VERSION:
            raise IncompatibleStatesError(
                "a partial was written by another version",
                expected=f"format version {VERSION}",
                got=found.version,
                advice=_ADVICE,
            )
        return cls(
            found.states,
            found.quarantine.read(),
            None if found.labels is None else found.labels.read(),
            found.label_quarantine.read(),
            found.failures,
            found.repetitions.read(),
        )


@dataclass(frozen=True, slots=True)
class Merged:
    """All shards together.

    Attributes
    ----------
    states : mapping of str to state
        By the name of the monitor; those among `failures` have none.
    quarantine : Quarantine
        Bad records of all shards, and those among the labels, once.
    labels : JoinReport or None
        What became of all events and labels; None without labels.
    failures : mapping of str to Failure
        Monitors that could not be computed on some shard.
    repetitions : Repetitions
        How often the events of all shards were captured.
    """

    states: Mapping[str, Any]
    quarantine: Quarantine
    labels: JoinReport | None
    failures: Mapping[str, Failure]
    repetitions: Repetitions


def merge_partials(folds: Mapping[str, Fold[Any]], partials: Iterable[Partial]) -> Merged:
    """Merge what the shards hand over; give them in one order, by which examples and keys are sorted.

    Parameters
    ----------
    folds : mapping of str to Fold
        By the name of the monitor, of the baselines that every shard has counted on.
    partials : iterable of Partial
        One per shard, read once.

    Raises
    ------
    DataError
        If there is no partial, or one has neither a state nor a failure of a monitor.
    IncompatibleStatesError
        If a state is of another monitor, baseline or version, or the shards had different labels.
    """
    states = {name: fold.empty() for name, fold in folds.items()}
    quarantines: list[Quarantine] = []
    reports: list[JoinReport] = []
    failures: dict[str, Failure] = {}
    repetitions = Repetitions()
    for partial in partials:
        for name, fold in folds.items():
            if name in partial.states:
                states[name] = states[name].merge(fold.load(partial.states[name]))
            elif name not in partial.failures:
                known = ", ".join(sorted(partial.states)) or "no monitor"
                raise DataError(f"a partial has no state of monitor {name!r}, it has those of {known}; fold it again")
        failures = {**partial.failures, **failures}
        quarantines += [partial.quarantine] if quarantines else [partial.label_quarantine, partial.quarantine]
        reports += [] if partial.labels is None else [partial.labels]
        repetitions = repetitions.merge(partial.repetitions)
    if not quarantines:
        raise DataError("there is no partial to conclude from; every shard writes one, also if it has no rows")
    return Merged(
        {name: state for name, state in states.items() if name not in failures},
        reduce(Quarantine.merge, quarantines),
        reduce(JoinReport.merge, reports) if reports else None,
        failures,
        repetitions,
    )


class _Quarantine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    max_examples: int
    by_reason: dict[Reason, int]
    examples: list[QuarantinedRecord]
    out_of_window: int

    @classmethod
    def of(cls, quarantine: Quarantine) -> Self:
        examples, reasons = quarantine.examples, dict(quarantine.by_reason)
        return cls(quarantine.max_examples, reasons, examples, quarantine.out_of_window)

    def read(self) -> Quarantine:
        return Quarantine(self.max_examples, Counter(self.by_reason), self.examples, self.out_of_window)


class _Labels(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    events: int
    matched: int
    labels_without_event: int
    duplicates: int
    late: int
    digest: str
    given: str
    used: bytes

    @classmethod
    def of(cls, report: JoinReport) -> Self:
        used = report.used.to_bytes((report.used.bit_length() + 7) // 8)
        counts = report.events, report.matched, report.labels_without_event, report.duplicates, report.late
        return cls(*counts, report.digest, report.given, used)

    def read(self) -> JoinReport:
        counts = self.events, self.matched, self.labels_without_event, self.duplicates, self.late
        return JoinReport(*counts, self.digest, self.given, int.from_bytes(self.used))


class _Repetitions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    capacity: int
    hashes: list[int]
    counts: list[int]

    @classmethod
    def of(cls, repetitions: Repetitions) -> Self:
        sample = repetitions.sample
        return cls(sample.capacity, sample.hashes.tolist(), sample.counts.tolist())

    def read(self) -> Repetitions:
        hashes, counts = np.array(self.hashes, dtype=np.uint64), np.array(self.counts, dtype=np.int64)
        return Repetitions(Reservoir(self.capacity, hashes, counts, np.empty((hashes.size, 0))))


class _Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: Literal["watchkeeper-partial"]
    version: int
    states: dict[str, bytes]
    quarantine: _Quarantine
    labels: _Labels | None
    label_quarantine: _Quarantine
    failures: dict[str, Failure]
    repetitions: _Repetitions
