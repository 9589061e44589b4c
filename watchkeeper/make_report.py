"""Pages of finished runs, from the files they left."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from functions.common.contract import Manifest
from monitoring_core.checks.codec import load_evaluation
from monitoring_core.checks.evaluation import Evaluation
from monitoring_core.errors import DataError, NoDataError
from monitoring_core.report.html import render_run_report
from monitoring_core.report.markdown import render_run_markdown
from monitoring_core.report.run_view import RunReport
from monitoring_core.report.timeline import TimelineRun, render_timeline
from watchkeeper.baselines import read_baseline_files
from watchkeeper.inputs import S3, Input, find
from watchkeeper.output import Output

NAMES: Final = frozenset({"manifest.json", "evaluation.json", "statistics.json", "quarantine.jsonl"})


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Files of one run by name, not read yet."""

    path: str
    files: Mapping[str, Input]

    def manifest(self) -> Manifest | None:
        """Return the run's manifest; a run over files without a window has none."""
        item = self.files.get("manifest.json")
        try:
            return None if item is None else Manifest.model_validate_json(item.read())
        except ValueError as error:
            raise DataError(f"{self.path}/manifest.json cannot be read: {error}") from error

    def evaluation(self) -> Evaluation | None:
        """Return the verdict; a run without data has none."""
        item = self.files.get("evaluation.json")
        return None if item is None else load_evaluation(item.read())


def write_report(runs: Sequence[str], page: Path, baseline: str | None, output: Output, *, markdown: bool) -> None:
    """Write a page about the runs found; about one run in detail, about several over time."""
    folders = [folder for location in runs for folder in _run_folders(location)]
    if not folders:
        raise NoDataError(f"no run in {', '.join(runs)}: none of the folders holds manifest.json or evaluation.json")
    if len(folders) > 1:
        html = _timeline(folders, page)
    else:
        report = _run_report(folders[0], baseline)
        if markdown:
            print(render_run_markdown(report), end="")  # noqa: T201 - the product of the command
            return
        html = render_run_report(report)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(html, "utf-8")
    output.say(f"{page}: {len(folders)} {'run' if len(folders) == 1 else 'runs'}", style="green")
    output.result({"page": str(page), "runs": len(folders)})


def _run_folders(location: str) -> list[RunFolder]:
    groups: dict[str, dict[str, Input]] = {}
    for item in find(location, keep=NAMES.__contains__):
        path, _, name = item.name.rpartition("/")
        groups.setdefault(path, {})[name] = item
    finished = {"manifest.json", "evaluation.json"}
    return [RunFolder(path, files) for path, files in sorted(groups.items()) if finished & files.keys()]


def _run_report(folder: RunFolder, baseline: str | None) -> RunReport:
    manifest, evaluation = folder.manifest(), folder.evaluation()
    if evaluation is None:
        why = "" if manifest is None else f" ({manifest.status}: {manifest.reason})"
        raise NoDataError(f"{folder.path} holds no evaluation.json{why}; there is nothing to draw")
    statistics = folder.files.get("statistics.json")
    normal = None if baseline is None else read_baseline_files(baseline)
    return RunReport(
        endpoint="local" if manifest is None else manifest.endpoint,
        monitor=evaluation.monitor,
        evaluation=evaluation,
        window=None if manifest is None else manifest.window,
        statistics=None if statistics is None else json.loads(statistics.read()),
        baseline_statistics=None if normal is None else json.loads(normal.files.get("statistics.json", b"null")),
        run_id="" if manifest is None else manifest.run_id,
        baseline_id=("" if manifest is None else manifest.baseline_id) or (normal.baseline_id if normal else ""),
        baseline_created_at=None if manifest is None else manifest.baseline_created_at,
        quarantine=_quarantine(folder),
        engine="" if manifest is None else manifest.engine,
    )


def _quarantine(folder: RunFolder) -> dict[str, int]:
    """Read the counts by reason, which the file's first line holds."""
    item = folder.files.get("quarantine.jsonl")
    if item is None:
        return {}
    counts: dict[str, int] = json.loads(item.read().split(b"\n", 1)[0])["by_reason"]
    return counts


def _timeline(folders: Sequence[RunFolder], page: Path) -> str:
    runs: dict[tuple[str, str], list[TimelineRun]] = {}
    for folder in folders:
        manifest = folder.manifest()
        if manifest is None:
            raise DataError(f"{folder.path} has no manifest.json, so its window is unknown; run it with --window")
        runs.setdefault((manifest.endpoint, manifest.monitor), []).append(_timeline_run(folder, manifest, page))
    if len(runs) > 1:
        names = ", ".join(f"{endpoint}/{monitor}" for endpoint, monitor in sorted(runs))
        raise DataError(f"the runs are of several monitors: {names}; name the folder of one of them")
    ((endpoint, monitor), found) = runs.popitem()
    return render_timeline(endpoint, monitor, found)


def _timeline_run(folder: RunFolder, manifest: Manifest, page: Path) -> TimelineRun:
    href = "" if folder.path.startswith(S3) else os.path.relpath(Path(folder.path, "report.html"), page.parent)
    evaluation = folder.evaluation()
    if evaluation is None:
        return TimelineRun(manifest.window, manifest.status, worst=manifest.reason)
    return TimelineRun.of(manifest.window, evaluation, href=href)
