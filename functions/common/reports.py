"""Manifests of finished runs: written last, read back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from functions.common.alarm_event import AlarmStateChange
from functions.common.contract import Manifest
from functions.common.storage import MANIFEST, delete, list_folders, list_objects, read_if_present, write

_DEPTH = 4  # yyyy/mm/dd/hh


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A manifest, and where it lies."""

    uri: str
    manifest: Manifest


def run_behind(change: AlarmStateChange, bucket: str, endpoint: str) -> FinishedRun | None:
    """Return the latest run that was over when an alarm changed; None where the alarm watches no schedule."""
    return latest_run(bucket, endpoint, change.schedule, change.time) if change.schedule else None


def latest_run(bucket: str, endpoint: str, schedule: str, not_after: datetime) -> FinishedRun | None:
    """Return the run with the latest window that was over at `not_after`, or None where there is none."""
    return next(finished_runs(bucket, endpoint, schedule, not_after), None)


def finished_runs(bucket: str, endpoint: str, schedule: str, not_after: datetime) -> Iterator[FinishedRun]:
    """Yield the runs whose windows were over at `not_after`, the latest first."""
    prefix = f"s3://{bucket}/reports/{endpoint}/{schedule}/"
    bound = f"{not_after:%Y/%m/%d/%H}/"
    for folder in _folders_backwards(prefix, prefix + bound, _DEPTH):
        yield from (run for run in _runs_in(folder) if run.manifest.window.end <= not_after)


def write_report(prefix: str, files: Mapping[str, bytes], manifest: Manifest) -> None:
    """Write the files of a run, take away those of an earlier run that it does not have, and seal it."""
    for name, body in files.items():
        write(prefix + name, body)
    for item in list_objects(prefix):
        name = item.uri.removeprefix(prefix)
        if name not in files and name != MANIFEST and "/" not in name:
            delete(item.uri)
    seal(manifest, prefix + MANIFEST)


def seal(manifest: Manifest, uri: str) -> bool:
    """Write a manifest, unless it has no verdict and would replace one that has; return whether it was written.

    A run can be repeated when its capture files are gone or while something is broken: what an earlier run
    found stays.
    """
    if not manifest.status.is_verdict and earlier_verdict(uri) is not None:
        return False
    write(uri, manifest.model_dump_json(indent=2).encode())
    return True


def earlier_verdict(uri: str) -> Manifest | None:
    """Return the manifest at `uri` if it is there and has a verdict."""
    body = read_if_present(uri)
    manifest = None if body is None else Manifest.model_validate_json(body)
    return manifest if manifest is not None and manifest.status.is_verdict else None


def _folders_backwards(prefix: str, bound: str, depth: int) -> Iterator[str]:
    if depth == 0:
        yield prefix
        return
    for folder in sorted(list_folders(prefix), reverse=True):
        if folder <= bound[: len(folder)]:
            yield from _folders_backwards(folder, bound, depth - 1)


def _runs_in(hour: str) -> Iterator[FinishedRun]:
    """Yield the runs that ended in an hour, the latest first: those off the full hour lie in folders of their own."""
    for folder in (*sorted(list_folders(hour), reverse=True), hour):
        body = read_if_present(folder + MANIFEST)
        if body is not None:
            yield FinishedRun(folder + MANIFEST, Manifest.model_validate_json(body))
