"""The job that folds a pass: its name, and all that it reads, written down in the bucket."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from functions.common.baselines import BaselineStore
from functions.common.capture import CaptureListing
from functions.common.contract import Engine, Job, Pass, PlannedRun, RunSpec
from functions.common.job_inputs import REPLICATED, SHARDED, job_input, list_input
from functions.common.labels import list_labels
from functions.common.storage import StoredObject, list_objects, write
from functions.common.work import BASELINES, CAPTURE, NEAR, PLANNED, PLANNED_FILE, input_prefixes, labels_name
from monitoring_core.errors import ConfigError
from monitoring_core.window import Window

_ENDPOINT_CHARACTERS: Final = 40


@dataclass(frozen=True, slots=True)
class PassPlace:
    """Where a pass is written down, and the name of its job; the same execution always gives the same.

    Attributes
    ----------
    folder : str
        S3 prefix.
    """

    id: str
    folder: str
    job_name: str


def place_of(run: RunSpec, window: Window, execution: str, index: int) -> PassPlace:
    """Return the place of the pass at `index` of an execution."""
    digest = hashlib.sha256(f"{run.endpoint}\n{execution}".encode()).hexdigest()[:12]
    id_ = f"{window.compact()}-{digest}-{index}"
    return PassPlace(id_, f"{run.work}{id_}/", f"{run.endpoint[:_ENDPOINT_CHARACTERS]}-{digest}-{index}")


def write_job(
    planned: Pass,
    place: PassPlace,
    capture: CaptureListing,
    more: Sequence[Mapping[str, Any]],
    starts_at: datetime | None = None,
) -> Pass:
    """Write down what the job of a pass reads; return the pass with its job.

    Parameters
    ----------
    more : sequence of mapping
        Inputs that every job of the engine gets.
    starts_at : datetime, optional
        When it is its turn.
    """
    first = planned.runs[0]
    prefixes = input_prefixes(first.run)
    # Tasks of Spark run on any machine, so they fetch the data themselves, each its objects.
    inputs = [] if planned.engine is Engine.SPARK else _data(first, place, capture)
    inputs.append(_manifest(place, BASELINES, prefixes[BASELINES], _baselines(planned), REPLICATED))
    inputs.append(job_input(PLANNED, f"{place.folder}input/", "S3Prefix", REPLICATED))
    pass_uri = f"{place.folder}input/{PLANNED_FILE}"
    job = Job(
        name=place.job_name,
        inputs=tuple(dict(item) for item in (*inputs, *more) if item is not None),
        output=f"{place.folder}states/",
        pass_uri=pass_uri,
        starts_at=starts_at,
    )
    written = planned.model_copy(update={"job": job})
    write(pass_uri, written.model_dump_json().encode())
    return written


def _data(planned: PlannedRun, place: PassPlace, capture: CaptureListing) -> list[dict[str, Any] | None]:
    """Write down the data of a pass; return its inputs."""
    prefixes = input_prefixes(planned.run)
    inputs = [_manifest(place, CAPTURE, prefixes[CAPTURE], capture.own, SHARDED)]
    inputs.append(_manifest(place, NEAR, prefixes[NEAR], capture.near, SHARDED))
    if planned.plan.labels_until is not None:
        span = Window(planned.plan.window.start, planned.plan.labels_until)
        for index, prefix in enumerate(planned.run.ground_truth_prefixes):
            inputs.append(_manifest(place, labels_name(index), prefix, list_labels([prefix], span), REPLICATED))
    return inputs


def _baselines(planned: Pass) -> list[StoredObject]:
    stores = [
        BaselineStore(item.run.baselines).uri(item.plan.baseline_id, "")
        for item in planned.runs
        if item.plan.baseline_id is not None
    ]
    return [stored for folder in stores for stored in list_objects(folder)]


def _manifest(
    place: PassPlace, name: str, prefix: str, objects: Iterable[StoredObject], distribution: str
) -> dict[str, Any] | None:
    """Write the list of an input's objects; None where there are none, as the platform takes no empty input."""
    uris = [item.uri for item in objects]
    outside = [uri for uri in uris if not uri.startswith(prefix)]
    if outside:
        raise ConfigError(
            f"{outside[0]} is not below {prefix}, so a job cannot tell where it came from; "
            "let the transform jobs write into the bucket of their capture, or choose the runtime function"
        )
    keys = [uri.removeprefix(prefix) for uri in uris]
    return list_input(f"{place.folder}manifests/{name}.json", name, prefix, keys, distribution) if keys else None
