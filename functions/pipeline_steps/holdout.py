"""The held-out rows: their features, what really happened, and what the two models answer."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from functions.pipeline_steps.compare import Holdout
from monitoring_core.dataset import Batch, column_from_texts


@dataclass(frozen=True)
class HeldOut:
    """What Prepare and Score have written.

    Attributes
    ----------
    features : dict of str to tuple of str
        Columns in request order; empty text is missing.
    labels, times, events : tuple of str
        Of each row.
    """

    features: dict[str, tuple[str, ...]]
    labels: tuple[str, ...]
    times: tuple[str, ...]
    events: tuple[str, ...]

    @classmethod
    def read(cls, folder: Path) -> HeldOut:
        """Read the folder ``holdout``."""
        names: list[str] = json.loads((folder / "columns.json").read_text())
        rows = _rows(folder / "features.csv")
        with (folder / "labels.csv").open(newline="") as file:
            told = list(csv.DictReader(file))
        return cls(
            dict(zip(names, zip(*rows, strict=True), strict=True)),
            tuple(row["label"] for row in told),
            tuple(row["time"] for row in told),
            tuple(row["event_id"] for row in told),
        )

    def requests(self) -> Holdout:
        """Return which rows belong together."""
        numbers: dict[str, int] = {}
        groups = [numbers.setdefault(event, len(numbers)) for event in self.events]
        return Holdout(np.array(groups, dtype=np.int64), min(self.times), max(self.times))

    def columns(self, label: str, answers: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        """Return the rows as a data set: the model's outputs, the features, and the label last."""
        return {**answers, **self.features, label: self.labels}


def read_answers(path: Path, outputs: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Read the answers of a model; outputs that it does not give are left out."""
    return dict(zip(outputs, zip(*_rows(path), strict=True), strict=False))


def as_batch(columns: dict[str, tuple[str, ...]]) -> Batch:
    """Return columns of texts as a batch; types are inferred as in captured data."""
    return Batch({name: column_from_texts([text or None for text in texts]) for name, texts in columns.items()})


def _rows(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return [row for row in csv.reader(file) if row]
