"""What the machines of a job have handed over, put together."""

from __future__ import annotations

from collections.abc import Mapping

from functions.common.contract import Job
from functions.common.folding import Held
from functions.common.storage import list_objects, read
from functions.common.work import PARTIAL_SUFFIX
from monitoring_core.engines.partial import Merged, Partial, merge_partials


def read_partials(job: Job, held: Mapping[str, Held]) -> Merged:
    """Return the merged states of a finished job, fetched one at a time.

    Raises
    ------
    DataError
        If it has left none.
    IncompatibleStatesError
        If they are of another version or baseline.
    """
    found = (item.uri for item in list_objects(job.output) if item.uri.endswith(PARTIAL_SUFFIX))
    return merge_partials({name: one.fold for name, one in held.items()}, (Partial.load(read(uri)) for uri in found))
