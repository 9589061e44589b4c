"""The review files of an endpoint in its bucket."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from functions.common.review import ROOT, ReviewOrder
from functions.common.storage import ObjectNotFoundError, list_objects, read
from monitoring_core.errors import ConfigError

_FINAL: Final = "answers"


@dataclass(frozen=True, slots=True)
class Asked:
    """A review file, and how many times answers to it have been handed in."""

    order: ReviewOrder
    answers: int


def place_of(bucket: str, endpoint: str) -> str:
    """Return where the review files of an endpoint are."""
    return f"s3://{bucket}/{ROOT}/{endpoint}/"


def answers_of(place: str, window: str) -> str:
    """Return where it is noted which answers were handed in for a window."""
    return f"{place}{_FINAL}/{window}/"


def list_asked(place: str) -> Iterator[Asked]:
    """Yield what people were asked, the oldest window first."""
    for item in list_objects(f"{place}asked/"):
        order = ReviewOrder.model_validate_json(read(item.uri))
        yield Asked(order, sum(1 for _ in list_objects(answers_of(place, order.window))))


def read_asked(place: str, window: str) -> bytes:
    """Return the review file of a window.

    Raises
    ------
    ConfigError
        If there is none.
    """
    try:
        return read(f"{place}{window}.jsonl")
    except ObjectNotFoundError as error:
        known = ", ".join(asked.order.window for asked in list_asked(place)) or "none"
        raise ConfigError(f"there is no review file of the window {window!r}; there are: {known}") from error
