"""Section `review`: which predictions people are asked about; their answers become labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, model_validator

from infra.config.base import Problem, Section

if TYPE_CHECKING:
    from infra.config.model import EndpointConfig

Share = Annotated[float, Field(ge=0, le=1)]


class ReviewSegment(Section):
    """Rows that are always of interest."""

    column: str
    """Column of the request or the answer."""
    equals: Annotated[tuple[str | int | float, ...], Field(min_length=1)]
    """Its values in these rows."""


class Review(Section):
    """Which predictions of a window go to the review queue, after the run of a monitor of data quality."""

    probability_between: tuple[Share, Share] | None = None
    """Predictions whose `schema.probability` lies between these two, both included: those that the model is not sure
    of."""
    segments: tuple[ReviewSegment, ...] = ()
    """Predictions about these rows."""
    custom_attribute: str | None = None
    """Predictions whose caller has sent this text as `CustomAttributes`, to flag them."""
    max_per_window: Annotated[int, Field(ge=1, le=10_000)] = 100
    """Of more predictions so many are drawn, the same ones whenever it is done again."""
    raw_rows: bool = False
    """Whether the review files hold the captured request, too. Otherwise people see id and answer, and look the case
    up where they may."""

    @model_validator(mode="after")
    def _something_is_chosen(self) -> Self:
        if not (self.probability_between or self.segments or self.custom_attribute):
            raise ValueError("give at least one of `probability_between`, `segments` and `custom_attribute`")
        low, high = self.probability_between or (0, 0)
        if low > high:
            raise ValueError(f"`probability_between` begins with the lower one, got {low} and {high}")
        return self


def review_problems(config: EndpointConfig) -> Iterator[Problem]:
    """Yield what the rest of the file does not have for the review queue."""
    review = config.review
    if review is None:
        return
    if config.endpoint is None:
        yield ("review",), "is about the calls of an endpoint; remove it"
    if all(monitor.kind != "data-quality" for monitor in config.monitors):
        yield ("review",), "is filled after the runs of a monitor of data quality; add one, or remove it"
    if review.probability_between and config.data_schema.probability is None:
        yield ("schema", "probability"), "missing; `review.probability_between` is about it"
    known = (*config.columns.outputs, *config.columns.features)
    for i, segment in enumerate(review.segments):
        if segment.column not in known:
            allowed = ", ".join(known) or "none; give `schema.outputs` and `schema.features`"
            yield ("review", "segments", i, "column"), f"{segment.column!r} is no column; allowed: {allowed}"
