"""A baseline that came with a model package, made by the pipeline that trained the model."""

from __future__ import annotations

from datetime import datetime

from functions.baseline.request import Properties
from functions.common.fitting import MadeBaseline
from functions.common.packaged import SPEC
from functions.common.storage import list_objects, read
from monitoring_core.baseline_files import INFO, load_baseline, seal


def read_packaged(properties: Properties, created_at: datetime) -> MadeBaseline | None:
    """Return the baseline that a package brings along, bound to the model of the properties.

    None where it brings none, or one that was made by another specification than the monitor's.

    Raises
    ------
    BaselineError
        If its files are not what they were when it was made.
    """
    prefix = properties.packaged
    if not prefix:
        return None
    files = {item.uri.removeprefix(prefix): read(item.uri) for item in list_objects(prefix)}
    if files.get(SPEC) != properties.spec.model_dump_json().encode():
        return None
    made = load_baseline(files)
    assert made.info is not None  # noqa: S101 - it was loaded
    sealed = seal(
        {name: body for name, body in made.files.items() if name != INFO},
        monitor=properties.monitor,
        model=properties.model,
        dataset=made.info.dataset,
        dataset_sha256=made.info.dataset_sha256,
        created_at=created_at,
        rows=made.info.rows,
    )
    return MadeBaseline(sealed)
