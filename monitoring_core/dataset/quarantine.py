"""Quarantine: records that could not be read, with the reason, counted exactly."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from monitoring_core.errors import DataError

MAX_EXCERPT = 200
"""Characters of a bad record that are kept."""


class Reason(StrEnum):
    """Why a record was set aside; stable sentences, made for counting."""

    NOT_UTF8 = "the record is not valid UTF-8"
    NOT_JSON = "the record is not valid JSON"
    NOT_CSV = "the record is not valid CSV"
    NOT_A_CAPTURE_RECORD = "the record is not a data capture record"
    NOT_A_GROUND_TRUTH_RECORD = "the record is not a ground truth record"
    NO_TIME = "the record has no inferenceTime, so it cannot be placed in the window"
    DUPLICATE_KEY = "the record has the same key twice"
    NUL = "the record contains a NUL character"
    TOO_LARGE = "the record is larger than allowed"
    TOO_DEEP = "the JSON is nested deeper than allowed"
    TOO_MANY_COLUMNS = "the record has more columns than allowed"
    NUMBER_OUT_OF_RANGE = "a number is too large for a double"
    UNKNOWN_ENCODING = "the payload's encoding is none of CSV, JSON and BASE64"
    UNREADABLE_CONTENT_TYPE = "the payload's content type holds no rows"
    PAYLOAD_NOT_BASE64 = "the payload is not valid BASE64"
    PAYLOAD_NOT_CSV = "the payload is not valid CSV"
    PAYLOAD_NOT_JSON = "the payload is not valid JSON"
    PAYLOAD_EMPTY = "the payload is empty"
    ROWS_DIFFER = "input and output have different numbers of rows"
    LABELS_DIFFER = "the event has another number of rows than of labels"
    NOT_A_BATCH_OUTPUT = "the row does not end in an inference id and its time"
    NOT_A_MERGED_RECORD = "the record is not a merged record"
    SCRIPT_FAILED = "the preprocessing script failed on the record"
    COLUMNS_DIFFER = "the row has another number of columns than the others"
    TRUNCATED = "the object is cut off in the middle of its compressed data"
    DAMAGED = "the object's compressed data is damaged"
    EXPANDS_TOO_MUCH = "the object's compressed data expands more than allowed"


class UnreadableRecordError(DataError):
    """One record cannot be read; the reader that decodes it puts it into the quarantine."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        self.reason, self.detail = reason, detail
        super().__init__(f"{reason}: {detail}" if detail else str(reason))


@dataclass(frozen=True, slots=True)
class QuarantinedRecord:
    """One record that was set aside.

    Attributes
    ----------
    source : str
        Name of the object or file.
    line : int
        Line of the record, from 1; 0 where the format has no lines.
    reason : Reason
        Why it could not be read.
    detail : str
        What the decoder said, where it said more.
    excerpt : str
        The beginning of the record, at most 200 characters.
    """

    source: str
    line: int
    reason: Reason
    detail: str = ""
    excerpt: str = ""


@dataclass(slots=True)
class Quarantine:
    """Collects bad records: all are counted, the first `max_examples` are kept.

    Examples
    --------
    >>> quarantine = Quarantine(max_examples=1)
    >>> for line in (3, 9):
    ...     quarantine.add("a.jsonl", line, Reason.NOT_JSON, excerpt="{")
    >>> quarantine.count, {str(reason): n for reason, n in quarantine.by_reason.items()}
    (2, {'the record is not valid JSON': 2})
    >>> [record.line for record in quarantine.examples]
    [3]
    """

    max_examples: int = 1000
    by_reason: Counter[Reason] = field(default_factory=Counter)
    examples: list[QuarantinedRecord] = field(default_factory=list)
    out_of_window: int = 0
    """Good records outside the window that was asked for; they are not in `count`."""

    @property
    def count(self) -> int:
        """Number of records set aside."""
        return self.by_reason.total()

    def add(self, source: str, line: int, reason: Reason, *, detail: str = "", excerpt: str | bytes = "") -> None:
        """Set one record aside; only the beginning of `excerpt` is kept."""
        self.by_reason[reason] += 1
        if len(self.examples) >= self.max_examples:
            return
        start = excerpt[:MAX_EXCERPT]
        text = start.decode("utf-8", "backslashreplace") if isinstance(start, bytes) else start
        self.examples.append(QuarantinedRecord(source, line, reason, detail, text[:MAX_EXCERPT]))

    def merge(self, other: Quarantine) -> Quarantine:
        """Return both together: counts add up, the first examples are kept."""
        return Quarantine(
            max_examples=self.max_examples,
            by_reason=self.by_reason + other.by_reason,
            examples=(self.examples + other.examples)[: self.max_examples],
            out_of_window=self.out_of_window + other.out_of_window,
        )
