"""Rows of a window, from S3: captured ones, or those that have met their label."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from functions.common.capture import CaptureListing
from functions.common.contract import Plan, RunSpec
from functions.common.storage import StoredObject, list_objects, read
from monitoring_core.dataset import (
    Batch,
    JoinReport,
    Quarantine,
    Source,
    read_capture,
    read_ground_truth,
    read_labelled,
    upload_order,
)
from monitoring_core.window import Window


@dataclass(frozen=True, slots=True)
class Rows:
    """Batches to be read once, and what became of the labels, complete when they have been read."""

    batches: Iterator[Batch]
    labels: JoinReport | None = None


def read_rows(run: RunSpec, plan: Plan, capture: CaptureListing, quarantine: Quarantine) -> Rows:
    """Return the rows of a window; objects are fetched one at a time.

    A bad record counts in the window of its own time or, where that cannot be read, in the window in which its
    object was begun: every bad record counts once.
    """
    own, near, window = _sources(capture.own), _sources(capture.near), capture.window
    if plan.labels_until is None:
        return Rows(read_capture(own, run.spec.columns, window, quarantine, neighbours=near))
    objects = label_objects(run, Window(window.start, plan.labels_until))
    truth = read_ground_truth(_sources(objects), quarantine)
    due = run.due(window)
    return Rows(*read_labelled(own, truth, run.spec.columns, window, quarantine, neighbours=near, deadline=due))


def label_objects(run: RunSpec, span: Window) -> list[StoredObject]:
    """List the labels that were collected in a span of time, in the order of their upload."""
    folders = dict.fromkeys(f"{prefix}{hour[:10]}/" for prefix in run.ground_truth_prefixes for hour in span.hours())
    found = (item for folder in folders for item in list_objects(folder))
    in_time = (item for item in found if upload_order(item.uri)[0] < span.end)
    return sorted(in_time, key=lambda item: upload_order(item.uri))


def _sources(objects: Iterable[StoredObject]) -> Iterator[Source]:
    return (Source(item.uri, read(item.uri)) for item in objects)
