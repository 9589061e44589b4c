"""The review file: predictions that people are asked about, and their answers."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StrictFloat, StrictInt, StrictStr, ValidationError

from functions.common.contract import Utc
from monitoring_core.errors import DataError
from monitoring_core.spec import Frozen

Label = StrictStr | StrictInt | StrictFloat
ROOT: Final = "review"


class ReviewItem(Frozen):
    """One prediction: a line of a review file.

    Attributes
    ----------
    window : str
        The window it is of, compact.
    event_id : str
        What its label is joined by: the caller's id of the call, else the service's.
    row, rows : int
        Which row of the call it is, from 0, and how many the call had.
    why : tuple of str
        Why it was chosen.
    features : mapping or None
        The captured request; None where the configuration keeps it out.
    label : str, int, float or None
        The truth, to be filled in; None is no answer.
    reviewer, comment : str
        Of the person who answers; they stay in the file.
    """

    window: str
    event_id: str
    row: Annotated[int, Field(ge=0)]
    rows: Annotated[int, Field(ge=1)]
    time: Utc | None
    variant: str
    why: tuple[str, ...]
    prediction: Mapping[str, str | None]
    features: Mapping[str, str | None] | None = None
    label: Label | None = None
    reviewer: str = ""
    comment: str = ""


class ReviewOrder(Frozen):
    """Message of the queue: one review file to be answered.

    Attributes
    ----------
    objects, objects_read : int
        Capture objects of the window, and those that were drawn from: of a window that is too large a part.
    """

    version: Literal[1] = 1
    endpoint: str
    window: str
    file: str
    items: int
    objects: int
    objects_read: int


def write_items(items: Iterable[ReviewItem]) -> bytes:
    """Return a review file."""
    return b"".join(item.model_dump_json().encode() + b"\n" for item in items)


def read_items(body: bytes, name: str) -> list[ReviewItem]:
    """Read a review file.

    Raises
    ------
    DataError
        If a line is something else; names the line.
    """
    items = []
    for number, line in enumerate(body.splitlines(), start=1):
        try:
            items.append(ReviewItem.model_validate_json(line))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"])) or "the line"
            raise DataError(
                f"{name}, line {number}: {place}: {first['msg']}; a label is a text or a number, or null for no answer"
            ) from None
    return items


def ground_truth(items: Iterable[ReviewItem]) -> Iterator[dict[str, Any]]:
    """Yield the answers as ground truth records (contract 2.1), one for each call that has an answer.

    Rows of a call that were not asked about, or not answered, have no label.

    Examples
    --------
    >>> asked = {"window": "w", "time": None, "variant": "", "why": (), "prediction": {}}
    >>> item = ReviewItem(**asked, event_id="a", row=1, rows=2, label=1)
    >>> next(ground_truth([item]))["groundTruthData"]
    {'data': '{"instances": [{"label": null}, {"label": 1}]}', 'encoding': 'JSON'}
    """
    calls: dict[str, list[Label | None]] = {}
    for item in items:
        labels = calls.setdefault(item.event_id, [None] * item.rows)
        if item.label is not None:
            labels[item.row] = item.label
    for event_id, labels in calls.items():
        if any(label is not None for label in labels):
            yield {"groundTruthData": _payload(labels), "eventMetadata": {"eventId": event_id}, "eventVersion": "0"}


def _payload(labels: list[Label | None]) -> dict[str, str]:
    if len(labels) == 1:
        text = io.StringIO()
        csv.writer(text, lineterminator="").writerow(labels)
        return {"data": text.getvalue(), "encoding": "CSV"}
    return {"data": json.dumps({"instances": [{"label": label} for label in labels]}), "encoding": "JSON"}
