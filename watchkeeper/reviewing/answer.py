"""Hand in answers: they become ground truth, where the next runs look for labels."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from functions.common.review import ground_truth, read_items
from functions.common.storage import read, sha256, write, write_if_absent
from monitoring_core.errors import NoDataError
from watchkeeper.reviewing.files import answers_of


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What became of some answers.

    Attributes
    ----------
    again : bool
        The same answers had been handed in before.
    """

    uri: str
    labels: int
    asked: int
    again: bool


def hand_in(body: bytes, name: str, place: str, labels_prefix: str, now: datetime) -> HandedIn:
    """Write the answers of a review file as ground truth, collected now.

    Where they go is noted first, by their hash: the same answers handed in again, also after a crash, are written to
    the same object. Later answers to the same predictions count, as with all labels.

    Parameters
    ----------
    place : str
        Where the review files are.
    labels_prefix : str
        Where runs look for labels, in Amazon's layout.

    Raises
    ------
    DataError
        If the file is no review file.
    NoDataError
        If nothing is answered in it.
    """
    items = read_items(body, name)
    records = list(ground_truth(items))
    if not records:
        raise NoDataError(f"{name}: no line has a `label`; fill in what you know and hand it in again")
    written = b"".join(json.dumps(record).encode() + b"\n" for record in records)
    digest, window = sha256(written)[:16], items[0].window
    noted = f"{answers_of(place, window)}{digest}.json"
    uri = f"{labels_prefix}{now:%Y/%m/%d/%H}/review-{window}-{digest}.jsonl"
    count = sum(item.label is not None for item in items)
    note = {"ground_truth": uri, "labels": count, "answered_at": now.isoformat()}
    is_new = write_if_absent(noted, json.dumps(note).encode())
    uri = uri if is_new else json.loads(read(noted))["ground_truth"]
    write(uri, written)
    return HandedIn(uri, count, len(items), again=not is_new)
