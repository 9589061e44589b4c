"""The job that folds a pass: its name, and all that it reads, written down in the bucket."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from functions.common.baselines import BaselineStore
from functions.common.capture import CaptureListing
from functions.common.contract import Engine, Job, Pass, PlannedRun, RunSpec
from functions.common.labels import list_labels
from functions.common.storage import StoredObject, list_objects, write
from functions.common.work import BASELINES, CAPTURE, INPUT, NEAR, PLANNED, PLANNED_FILE, input_prefixes, labels_name
from monitoring_core.errors import ConfigError
from monitoring_core.window import Window

_ENDPOINT_CHARACTERS: Final = 40
_SHARDED: Final = "ShardedByS3Key"
_REPLICATED: Final = "FullyReplicated"


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


def write_job(planned: Pass, place: PassPlace, capture: CaptureListing, more: Sequence[Mapping[str, Any]]) -> Pass:
    """Write down what the job of a pass reads; return the pass with its job.

    Parameters
    ----------
    more : sequence of mapping
        Inputs that every job of the engine gets.
    """
    first = planned.runs[0]
    prefixes = input_prefixes(first.run)
    # Tasks of Spark run on any machine, so they fetch the data themselves, each its objects.
    inputs = [] if planned.engine is Engine.SPARK else _data(first, place, capture)
    inputs.append(_manifest(place, BASELINES, prefixes[BASELINES], _baselines(planned), _REPLICATED))
    inputs.append(_input(PLANNED, f"{place.folder}input/", "S3Prefix", _REPLICATED))
    pass_uri = f"{place.folder}input/{PLANNED_FILE}"
    job = Job(
        name=place.job_name,
        inputs=tuple(dict(item) for item in (*inputs, *more) if item is not None),
        output=f"{place.folder}states/",
        pass_uri=pass_uri,
    )
    written = planned.model_copy(update={"job": job})
    write(pass_uri, written.model_dump_json().encode())
    return written


def _data(planned: PlannedRun, place: PassPlace, capture: CaptureListing) -> list[dict[str, Any] | None]:
    """Write down the data of a pass; return its inputs."""
    prefixes = input_prefixes(planned.run)
    inputs = [_manifest(place, CAPTURE, prefixes[CAPTURE], capture.own, _SHARDED)]
    inputs.append(_manifest(place, NEAR, prefixes[NEAR], capture.near, _SHARDED))
    if planned.plan.labels_until is not None:
        span = Window(planned.plan.window.start, planned.plan.labels_until)
        for index, prefix in enumerate(planned.run.ground_truth_prefixes):
            inputs.append(_manifest(place, labels_name(index), prefix, list_labels([prefix], span), _REPLICATED))
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
    if not keys:
        return None
    uri = f"{place.folder}manifests/{name}.json"
    write(uri, json.dumps([{"prefix": prefix}, *keys]).encode())
    return _input(name, uri, "ManifestFile", distribution)


def _input(name: str, uri: str, data_type: str, distribution: str) -> dict[str, Any]:
    return {
        "InputName": name,
        "S3Input": {
            "S3Uri": uri,
            "LocalPath": f"{INPUT}/{name}",
            "S3DataType": data_type,
            "S3InputMode": "File",
            "S3DataDistributionType": distribution,
        },
    }
