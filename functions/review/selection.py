"""Which predictions are chosen, and which of them are drawn: the same ones whenever it is done again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping

from functions.common.review import ReviewItem
from monitoring_core.dataset.capture import CapturedEvent
from monitoring_core.spec import Frozen, SchemaSpec


class Segment(Frozen):
    """Rows with one of some values in a column."""

    column: str
    equals: tuple[str | int | float, ...]


class Selection(Frozen):
    """What is chosen.

    Attributes
    ----------
    probability : str
        Column that `between` is about.
    raw_rows : bool
        Whether items hold the request.
    """

    columns: SchemaSpec
    probability: str = ""
    between: tuple[float, float] | None = None
    segments: tuple[Segment, ...] = ()
    custom_attribute: str = ""
    max_per_window: int
    raw_rows: bool = False

    def reasons(self, event: CapturedEvent, row: Mapping[str, str | None]) -> Iterator[str]:
        """Say why a row is chosen; nothing where it is not."""
        value = _number(row.get(self.probability))
        if self.between is not None and value is not None and self.between[0] <= value <= self.between[1]:
            yield f"{self.probability} {value:.4g} is between {self.between[0]:g} and {self.between[1]:g}"
        for segment in self.segments:
            text = row.get(segment.column)
            if text is not None and any(_equal(text, one) for one in segment.equals):
                yield f"{segment.column} is {text}"
        if self.custom_attribute and self.custom_attribute in event.custom_attributes:
            yield f"flagged by its caller: {self.custom_attribute}"


def draw(events: Iterable[CapturedEvent], selection: Selection, window: str) -> list[ReviewItem]:
    """Return at most `max_per_window` chosen rows: those whose id and row have the smallest hashes.

    An event that was captured twice counts once. Memory does not grow with the window.
    """
    most, kept = selection.max_per_window, dict[str, ReviewItem]()
    for item in _chosen(events, selection, window):
        kept.setdefault(_rank(item), item)
        if len(kept) >= 2 * most:
            kept = dict(sorted(kept.items())[:most])
    return [item for _, item in sorted(kept.items())[:most]]


def _chosen(events: Iterable[CapturedEvent], selection: Selection, window: str) -> Iterator[ReviewItem]:
    for event in events:
        pairs = list(zip(event.output_rows, event.input_rows, strict=True))
        for number, (output, request) in enumerate(pairs):
            why = tuple(selection.reasons(event, {**request, **output}))
            if why:
                yield ReviewItem(
                    window=window,
                    event_id=event.join_id,
                    row=number,
                    rows=len(pairs),
                    time=event.time,
                    variant=event.variant,
                    why=why,
                    prediction=output,
                    features=request if selection.raw_rows else None,
                )


def _rank(item: ReviewItem) -> str:
    return hashlib.sha256(f"{item.event_id}\0{item.row}".encode()).hexdigest()


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _equal(text: str, value: str | float) -> bool:
    return text == str(value) or (not isinstance(value, str) and _number(text) == value)
