"""Collect what the bucket holds about one run."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from functions.common.storage import MANIFEST
from monitoring_core.baseline_files import INFO
from monitoring_core.errors import ConfigError, NoDataError
from monitoring_core.metric_names import schedule_name
from watchkeeper.evidence.chain import read_chain
from watchkeeper.evidence.stored import BucketOf

_RUN: Final = re.compile(r"(?P<endpoint>[\w-]+)/(?P<monitor>[\w-]+)/\d{8}T\d{6}Z_(?P<day>\d{8})T(?P<time>\d{6})Z")


@dataclass(frozen=True, slots=True)
class Run:
    """A run by its id.

    Attributes
    ----------
    folder : str
        Where its report lies, ending in ``/``.
    """

    run_id: str
    endpoint: str
    monitor: str
    folder: str

    @classmethod
    def of(cls, run_id: str) -> Run:
        """Read a run id.

        Raises
        ------
        ConfigError
            If it is none.

        Examples
        --------
        >>> Run.of("flights/data-quality/20130401T120000Z_20130401T133000Z").folder
        'reports/flights/flights-data-quality/2013/04/01/13/30/'
        """
        match = _RUN.fullmatch(run_id)
        if match is None:
            raise ConfigError(
                f"{run_id!r} is no run; give the run id of its report or manifest, "
                "such as flights-prod/data-quality/20130401T000000Z_20130402T000000Z"
            )
        end = datetime.strptime(match["day"] + match["time"] + "+0000", "%Y%m%d%H%M%S%z")
        minute = f"{end:%M}/" if end.minute else ""
        schedule = schedule_name(match["endpoint"], match["monitor"])
        folder = f"reports/{match['endpoint']}/{schedule}/{end:%Y/%m/%d/%H}/{minute}"
        return cls(run_id, match["endpoint"], match["monitor"], folder)


def collect(bucket: BucketOf, run: Run) -> tuple[dict[str, datetime], dict[str, bytes]]:
    """Return the seals of a run with their times, and all objects about it: report, baseline, and ledgers.

    Raises
    ------
    NoDataError
        If there is no such run, or no ledger that could vouch for it.
    """
    chain = read_chain(bucket)
    manifests = [f"{run.folder}{revision}{MANIFEST}" for revision in _revisions(bucket, run)]
    documents = {key: json.loads(body) for key in manifests if (body := bucket.read(key)) is not None}
    if not documents:
        raise NoDataError(f"there is no {run.folder}{MANIFEST} in {bucket.bucket}: the run did not happen, or expired")
    kept = f"baselines/{run.endpoint}/{run.monitor}/"
    used = dict.fromkeys(found for one in documents.values() if (found := one.get("baseline_id")))
    wanted = [f"{kept}{baseline}/{name}" for baseline in used for name in bucket.names(f"{kept}{baseline}/")]
    moves = [f"{kept}moves/{name}" for name in bucket.names(f"{kept}moves/")]
    wanted += [move for move in moves if any(move.endswith(f"_{baseline}.json") for baseline in used)]
    for key in documents:
        folder = key.removesuffix(MANIFEST)
        wanted += [f"{folder}{name}" for name in bucket.names(folder)]
    sealed = {*documents, *(f"{kept}{baseline}/{INFO}" for baseline in used)}
    named = [number for number, ledger in enumerate(chain.ledgers) if any(one.key in sealed for one in ledger.sealed)]
    wanted += bucket.ledgers()[min(named, default=-1) :]
    times = {key: written for key, written in bucket.seals() if key in sealed}
    return times, {key: body for key in wanted if (body := bucket.read(key)) is not None}


def _revisions(bucket: BucketOf, run: Run) -> list[str]:
    """Return the folders of a run's revisions: its own, and ``rev-2/`` and so on."""
    found = [""]
    while bucket.names(f"{run.folder}rev-{len(found) + 1}/"):
        found.append(f"rev-{len(found) + 1}/")
    return found
