"""The data that a model was trained on, as one data set that baselines can be made of."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path

from functions.pipeline_steps.join import LabelledRequest
from functions.pipeline_steps.original import write_original
from monitoring_core.window import format_time


def write_training(
    original: Path, columns: Sequence[str], time_column: str | None, recent: Iterable[LabelledRequest], target: Path
) -> None:
    """Write the original rows, then the recent ones, as CSV with a header; the time column, if there is one, first."""
    if time_column is None:
        write_original(original, columns, target)
        append_rows(target, recent)
        return
    write_original(original, [time_column, *columns], target)
    append_rows(target, recent, _spelling(target))


def append_rows(
    target: Path, requests: Iterable[LabelledRequest], spell: Callable[[datetime], object] | None = None
) -> None:
    """Append the rows of requests with their labels to a CSV file; with `spell` their time comes first."""
    with target.open("a", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for request in requests:
            first = () if spell is None else (spell(request.time),)
            writer.writerows((*first, *row, label) for row, label in zip(request.rows, request.labels, strict=True))


def _spelling(written: Path) -> Callable[[datetime], object]:
    """Return how the times of a data set are written: as seconds since 1970 where its first one is a number."""
    with written.open(newline="") as file:
        rows = csv.reader(file)
        next(rows)
        first = next(rows, [""])[0]
    try:
        float(first)
    except ValueError:
        return format_time
    return datetime.timestamp
