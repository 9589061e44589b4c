"""What Evaluate reads from S3: the data of a pass, its baselines, or what a job has made of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from functions.common.baselines import BaselineStore
from functions.common.contract import PlannedRun
from functions.common.labels import list_labels
from functions.common.listing import list_window
from functions.common.rows import Sources
from functions.common.storage import StoredObject, read
from monitoring_core.baseline_files import BaselineFiles
from monitoring_core.dataset import Source, upload_order
from monitoring_core.window import Window


def stored_sources(planned: PlannedRun) -> Sources:
    """Return the data of a pass; objects are fetched one at a time, when they are asked for."""
    run, plan = planned.run, planned.plan
    capture = list_window(run.source, run.capture_prefix, plan.window, run.variant)
    labels: list[StoredObject] = []
    if plan.labels_until is not None:
        found = list_labels(run.ground_truth_prefixes, Window(plan.window.start, plan.labels_until))
        labels = sorted(found, key=lambda item: upload_order(item.uri))
    return Sources(own=_fetched(capture.own), near=_fetched(capture.near), labels=_fetched(labels))


def planned_baseline(planned: PlannedRun) -> BaselineFiles:
    """Return the baseline that was in force when the run was planned.

    Raises
    ------
    BaselineError
        If there was none, or it is missing or damaged.
    """
    plan = planned.plan
    return BaselineStore(planned.run.baselines).load(plan.baseline_id, model=plan.baseline_model)


def _fetched(objects: Iterable[StoredObject]) -> Iterator[Source]:
    return (Source(item.uri, read(item.uri)) for item in objects)
