"""What each variant has served in a window: captured events, and their labels where a metric needs them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from functions.common.capture import CaptureListing, list_capture
from functions.common.labels import list_labels
from functions.common.storage import StoredObject, list_objects, read, write_if_absent
from functions.experiment.log import Stage
from functions.experiment.spec import ExperimentSpec
from monitoring_core.dataset import (
    Batch,
    GroundTruth,
    Quarantine,
    Source,
    read_capture,
    read_ground_truth,
    read_labelled,
    upload_order,
)
from monitoring_core.dataset.capture_record import Records, read_records
from monitoring_core.dataset.collector import variant_of
from monitoring_core.experiments.looks import Arms
from monitoring_core.experiments.values import observe
from monitoring_core.experiments.verdict import Arm
from monitoring_core.window import Window

MAX_WINDOWS: Final = 24
"""Windows that one run reads at most; what is missed then, the next run reads."""


def read_windows(spec: ExperimentSpec, stage: Stage, prefix: str, due: Window) -> list[tuple[datetime, Arms]]:
    """Return what the variants served in each window of a stage, by the window's end.

    Windows that are due and were never read are read now, the oldest first; each is kept below `prefix`, once.
    """
    kept = {item.uri.rpartition("/")[2]: item.uri for item in list_objects(f"{prefix}windows/")}
    windows = list(_windows(spec, stage, due))
    new = [window for window in windows if f"{window.compact()}.json" not in kept][:MAX_WINDOWS]
    for window in new:
        _keep(spec, window, f"{prefix}windows/{window.compact()}.json")
    known = {*new, *(window for window in windows if f"{window.compact()}.json" in kept)}
    return [(window.end, _load(f"{prefix}windows/{window.compact()}.json")) for window in sorted(known)]


def _windows(spec: ExperimentSpec, stage: Stage, due: Window) -> Iterator[Window]:
    """Yield the windows of a stage that are due; the first begins when the stage does."""
    window = spec.grid.around(stage.since)
    while window.end <= due.end:
        yield Window(max(window.start, stage.since), window.end)
        window = Window(window.end, window.end + (window.end - window.start))


def _load(uri: str) -> Arms:
    return {name: Arm.from_dict(arm) for name, arm in json.loads(read(uri))["arms"].items()}


def _keep(spec: ExperimentSpec, window: Window, uri: str) -> None:
    quarantine = Quarantine()
    arms = read_arms(spec, window, quarantine)
    document = {
        "version": 1,
        "window": str(window),
        "arms": {name: arm.to_dict() for name, arm in arms.items()},
        "quarantined": quarantine.count,
    }
    write_if_absent(uri, json.dumps(document).encode())


def read_arms(spec: ExperimentSpec, window: Window, quarantine: Quarantine) -> dict[str, Arm]:
    """Read what each variant served in a window, every object once."""
    capture = list_capture(spec.capture_prefix, window)
    truth = _labels(spec, window, quarantine) if spec.ground_truth_prefixes else None
    return {name: _read_arm(spec, window, capture, name, truth, quarantine) for name in spec.variants}


def _labels(spec: ExperimentSpec, window: Window, quarantine: Quarantine) -> GroundTruth:
    found = list_labels(spec.ground_truth_prefixes, Window(window.start, spec.labels_until(window)))
    return read_ground_truth(_fetched(sorted(found, key=lambda item: upload_order(item.uri))), quarantine)


def _read_arm(
    spec: ExperimentSpec,
    window: Window,
    capture: CaptureListing,
    variant: str,
    truth: GroundTruth | None,
    quarantine: Quarantine,
) -> Arm:
    count = _Count()
    own, near = (
        _fetched(item for item in part if variant_of(item.uri) == variant) for part in (capture.own, capture.near)
    )
    batches: Iterable[Batch]
    if truth is None:
        batches = read_capture(own, spec.columns, window, quarantine, near, reader=count)
    else:
        batches, _ = read_labelled(own, truth, spec.columns, window, quarantine, near, reader=count)
    names = [metric.name for metric in spec.rules.metrics]
    arm = Arm()
    for batch in batches:
        arm = arm.merge(Arm(0, observe(batch, names, spec.predictions)))
    return arm.merge(Arm(count.events))


def _of_variant(objects: Iterable[StoredObject], variant: str) -> Iterator[Source]:
    return _fetched(item for item in objects if variant_of(item.uri) == variant)


def _fetched(objects: Iterable[StoredObject]) -> Iterator[Source]:
    return (Source(item.uri, read(item.uri)) for item in objects)


class _Count:
    """Reads records, and counts them: also events without a label have been served."""

    def __init__(self) -> None:
        self.events = 0

    def __call__(
        self, source: Source, window: Window | None, quarantine: Quarantine, unplaced: Quarantine
    ) -> Iterator[Records]:
        """Yield the records of one object."""
        for records in read_records(source, window, quarantine, unplaced):
            self.events += len(records)
            yield records
