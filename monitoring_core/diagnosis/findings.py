"""What a diagnosis says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What sort of change a drift is. Only the last two can be mended by training again."""

    NONE = "none"
    PIPELINE_BUG = "pipeline-bug"
    CAPTURE_FAULT = "capture-fault"
    POPULATION_SHIFT = "population-shift"
    CONCEPT_SHIFT = "concept-shift"

    @property
    def calls_for_retraining(self) -> bool:
        """Whether a model that has seen the new data may be better."""
        return self in {Kind.POPULATION_SHIFT, Kind.CONCEPT_SHIFT}

    @property
    def is_fault(self) -> bool:
        """Whether the data themselves are wrong, or what was captured of them."""
        return self in {Kind.PIPELINE_BUG, Kind.CAPTURE_FAULT}


class Cause(StrEnum):
    """A pattern with a name."""

    NULLS = "nulls"
    DEFAULT_VALUE = "default-value"
    TYPE = "type"
    UNIT = "unit"
    ENCODING = "encoding"
    NEW_CATEGORIES = "new-categories"
    FROZEN = "frozen"
    SWAPPED = "swapped"
    REPLAY = "replay"
    CAPTURE_GAP = "capture-gap"
    UNREADABLE = "unreadable"
    DRIFT = "drift"
    QUALITY = "quality"

    @property
    def kind(self) -> Kind:
        """The sort of change that the pattern stands for."""
        return _KINDS.get(self, Kind.PIPELINE_BUG)


_KINDS = {
    Cause.REPLAY: Kind.CAPTURE_FAULT,
    Cause.CAPTURE_GAP: Kind.CAPTURE_FAULT,
    Cause.UNREADABLE: Kind.CAPTURE_FAULT,
    Cause.NEW_CATEGORIES: Kind.POPULATION_SHIFT,
    Cause.DRIFT: Kind.POPULATION_SHIFT,
    Cause.QUALITY: Kind.CONCEPT_SHIFT,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One pattern that was found.

    Attributes
    ----------
    columns : tuple of str
        Where; empty where it is about whole rows.
    sentence : str
        For people: what was seen, in numbers.
    """

    cause: Cause
    columns: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The most likely kind of change, and the patterns that say so, the most telling first."""

    kind: Kind
    findings: tuple[Finding, ...] = ()

    @property
    def sentence(self) -> str:
        """The likely cause in one line; empty where nothing was found."""
        return "; ".join(finding.sentence for finding in self.findings if finding.cause.kind is self.kind)
