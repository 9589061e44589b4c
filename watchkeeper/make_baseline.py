"""Make a baseline of files and write it to a folder."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from monitoring_core.artifacts import make_baseline
from monitoring_core.dataset import Quarantine
from monitoring_core.monitors.data_quality.analysis import load_limits
from watchkeeper.inputs import find_all
from watchkeeper.output import Output
from watchkeeper.reading import read_batches
from watchkeeper.settings import MonitorSettings


def write_baseline(
    dataset: Sequence[str],
    folder: Path,
    output: Output,
    settings: MonitorSettings,
    *,
    time_column: str | None,
    model: str,
    ignore: Sequence[str],
) -> None:
    """Learn a baseline from a data set, write its files and say what it holds."""
    files, quarantine = find_all(dataset), Quarantine()
    digest = sha256()
    for item in files:
        digest.update(item.read())
    time_column = time_column or settings.time_column
    made = make_baseline(
        settings.spec,
        read_batches(files, output, quarantine, columns=settings.spec.columns, ignore=ignore),
        model=model,
        dataset=", ".join(dataset),
        dataset_sha256=digest.hexdigest(),
        created_at=datetime.now(UTC),
        time_column=time_column,
        period=settings.period,
    )
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in made.files.items():
        (folder / name).write_bytes(content)
    features = load_limits(made.files).features
    rows = 0 if made.info is None else made.info.rows
    output.say(f"baseline {made.baseline_id}: {rows:,} rows, {len(features)} features, in {folder}/", style="green")
    if not time_column:
        output.say("limits are not calibrated: name the column with the time of each row with --time, if there is one")
    if quarantine.count:
        output.say(f"{quarantine.count:,} records could not be read and are not part of it", style="yellow")
        output.table(("reason", "records"), ((reason, f"{n:,}") for reason, n in quarantine.by_reason.items()))
    output.result(
        {
            "baseline_id": made.baseline_id,
            "rows": rows,
            "features": [feature.name for feature in features],
            "quarantined": quarantine.count,
            "folder": str(folder),
            "files": sorted(made.files),
        }
    )
