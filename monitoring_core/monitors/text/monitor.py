"""The text-drift monitor: statistics of texts against a baseline, and words it never had."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import NormalDist
from typing import Any, Final, Self

import numpy as np

from monitoring_core.checks.evaluation import Bound, Check, Constraint, Measurement, Subject
from monitoring_core.dataset.batch import Batch, Column, TypeCode
from monitoring_core.monitors.column_drift import ColumnDrift, DriftState
from monitoring_core.monitors.segments import labels
from monitoring_core.monitors.text.statistics import script, unprintable_share, words
from monitoring_core.spec.text import TextSpec
from monitoring_core.stats.keyed import Keyed
from monitoring_core.stats.share import Share
from monitoring_core.stats.vocabulary import Vocabulary

UNKNOWN_INCREASE: Final = "unknown_words_increase"

_GROUPS: Final = 2
"""Groups of tests that share the significance: derived columns, unknown words."""


@dataclass(frozen=True, slots=True)
class TextState:
    """The state; ``TextState()`` is empty.

    Attributes
    ----------
    drift : DriftState
        Of the derived columns ``<text>.length``, ``.words``, ``.unprintable_share`` and ``.script``.
    vocabulary : Keyed of Vocabulary
        Words of each text column.
    unknown : Keyed of Share
        Words that the baseline does not have.
    """

    drift: DriftState = field(default_factory=DriftState)
    vocabulary: Keyed[str, Vocabulary] = field(default_factory=Keyed)
    unknown: Keyed[str, Share] = field(default_factory=Keyed)

    @property
    def rows(self) -> int:
        """Rows seen."""
        return self.drift.rows

    def merge(self, other: Self, /) -> Self:
        """Merge statistic by statistic."""
        return type(self)(
            self.drift.merge(other.drift), self.vocabulary.merge(other.vocabulary), self.unknown.merge(other.unknown)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "drift": self.drift.to_dict(),
            "vocabulary": self.vocabulary.to_dict(Vocabulary.to_dict),
            "unknown": self.unknown.to_dict(Share.to_dict),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(
            DriftState.from_dict(data["drift"]),
            Keyed.from_dict(data["vocabulary"], Vocabulary.from_dict),
            Keyed.from_dict(data["unknown"], Share.from_dict),
        )


@dataclass(frozen=True, slots=True)
class TextDrift:
    """Text columns against a baseline. Words are counted in hashed slots; no word is kept."""

    spec: TextSpec
    families: int = 1

    @property
    def name(self) -> str:
        """Name of the monitor."""
        return self.spec.name

    def sharing(self, families: int, /) -> TextDrift:
        """Return the monitor of one of several slices, which share the chance of a false alarm."""
        return replace(self, families=families)

    def empty(self, reference: TextState | None = None, /) -> TextState:  # noqa: ARG002
        """Return the state of no rows."""
        return TextState()

    def observe(self, batch: Batch, reference: TextState | None = None, /) -> TextState:
        """Return the state of one batch."""
        texts = {name: _texts(batch[name]) for name in self.spec.texts}
        counted = {name: Counter(word for text in texts[name] if text for word in words(text)) for name in texts}
        unknown = (
            {}
            if reference is None
            else {
                name: _unknown(counted[name], known)
                for name in texts
                if (known := reference.vocabulary.get(name)) is not None
            }
        )
        derived = Batch({f"{name}.{what}": column for name in texts for what, column in _derived(texts[name])})
        drift = self._drift.observe(derived, None if reference is None else reference.drift)
        vocabulary = {name: Vocabulary.of(counts.elements()) for name, counts in counted.items()}
        return TextState(replace(drift, rows=len(batch)), Keyed(vocabulary), Keyed(unknown))

    def as_reference(self, state: TextState, /) -> TextState:
        """Fix the edges of the derived columns."""
        return replace(state, drift=state.drift.as_reference(), unknown=Keyed())

    def measure(self, state: TextState, reference: TextState | None = None, /) -> Sequence[Measurement]:
        """Describe every derived column; with a reference, also compare it, and count unknown words."""
        found = list(self._drift.measure(state.drift, None if reference is None else reference.drift))
        for name, unknown in state.unknown.items.items():
            known = reference.vocabulary.get(name) if reference is not None else None
            if known is not None:
                found += self._unknown(Subject(name), unknown, known.unseen_mass, state.rows)
        return found

    def suggest(self, reference: TextState, /) -> Sequence[Constraint]:
        """Return one limit per derived column, and one for the unknown words of each text."""
        return [
            *self._drift.suggest(reference.drift),
            *(
                Constraint(
                    UNKNOWN_INCREASE,
                    Bound(upper=self.spec.max_unknown_increase),
                    Subject(name),
                    min_n=self.spec.drift.min_rows,
                    check_type="unknown_words_check",
                )
                for name in reference.vocabulary
            ),
        ]

    def explain(self, violation: Check, /) -> str:
        """Return the sentence that a person reads."""
        if violation.constraint.metric != UNKNOWN_INCREASE:
            return self._drift.explain(violation)
        value = math.nan if violation.measurement is None else violation.measurement.value
        return (
            f"Words of {violation.constraint.subject.column} that the baseline never had are more frequent than "
            f"expected by a share of {value:.3g}; {violation.constraint.bound.upper:.3g} is allowed"
        )

    @property
    def _drift(self) -> ColumnDrift:
        return ColumnDrift(self.spec.name, self.spec.drift, families=_GROUPS * self.families)

    def _unknown(self, subject: Subject, unknown: Share, expected: float, rows: int) -> Iterator[Measurement]:
        """Take off what a vocabulary is expected to miss, and chance, with texts (not words) as the sample."""
        share = unknown.value
        yield Measurement("unknown_words_share", share, rows, subject)
        yield Measurement("expected_unknown_words_share", expected, rows, subject)
        tests = _GROUPS * self.families * len(self.spec.texts)
        z = NormalDist().inv_cdf(1 - self.spec.drift.significance / tests)
        error = math.sqrt(max(expected * (1 - expected), share * (1 - share)) / rows) if rows else math.nan
        increase = share - expected - z * error
        yield Measurement(UNKNOWN_INCREASE, increase if math.isnan(increase) else max(0.0, increase), rows, subject)


def _texts(column: Column) -> list[str | None]:
    texts = labels(column).astype(np.object_)
    texts[column.codes == TypeCode.MISSING] = None
    found: list[str | None] = texts.tolist()
    return found


def _unknown(counts: Mapping[str, int], known: Vocabulary) -> Share:
    listed = list(counts)
    unseen = sum(counts[word] for word, times in zip(listed, known.times(listed).tolist(), strict=True) if not times)
    return Share(unseen, sum(counts.values()))


def _derived(texts: Sequence[str | None]) -> Iterator[tuple[str, Column]]:
    yield "length", _numbers(texts, len, TypeCode.INTEGRAL)
    yield "words", _numbers(texts, lambda text: len(words(text)), TypeCode.INTEGRAL)
    yield "unprintable_share", _numbers(texts, unprintable_share, TypeCode.FRACTIONAL)
    scripts = np.array([None if text is None else script(text) for text in texts] + [None], dtype=np.object_)[:-1]
    codes = np.array([TypeCode.MISSING if s is None else TypeCode.STRING for s in scripts], dtype=np.uint8)
    yield "script", Column(codes, np.full(len(texts), np.nan), scripts)


def _numbers(texts: Sequence[str | None], of: Callable[[str], float], code: TypeCode) -> Column:
    values = np.array([math.nan if text is None else of(text) for text in texts], dtype=np.float64)
    return Column(np.where(np.isnan(values), TypeCode.MISSING, code).astype(np.uint8), values)
