"""Make a baseline of files and write it to a folder."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from monitoring_core.dataset import JoinReport, Quarantine
from monitoring_core.errors import ConfigError
from monitoring_core.explain.archive import find_model_file
from monitoring_core.spec import ModelBiasSpec, ModelExplainabilitySpec
from watchkeeper.baselines import Baseline
from watchkeeper.fitting import Origin, learn
from watchkeeper.inputs import find
from watchkeeper.output import Output
from watchkeeper.reading import Given, read_rows
from watchkeeper.settings import MonitorSettings
from watchkeeper.telling import label_coverage, say_labels, say_unreadable


def write_baseline(
    given: Given,
    folder: Path,
    output: Output,
    settings: MonitorSettings,
    *,
    dataset: str,
    model: str,
    model_file: str | None,
) -> None:
    """Learn a baseline from files, write its files and say what it holds."""
    quarantine, digest = Quarantine(), sha256()
    for item in given.data:
        digest.update(item.read())
    content = _read_model(settings, model_file)
    rows = read_rows(given, settings, output, quarantine)
    origin = Origin(dataset, digest.hexdigest(), model)
    baseline = learn(settings, rows.batches, origin, content)
    baseline.write(folder)
    _say(baseline, folder, output, quarantine, rows.labels)


def _read_model(settings: MonitorSettings, model_file: str | None) -> bytes | None:
    spec = settings.spec
    if not isinstance(spec, ModelExplainabilitySpec):
        if model_file is not None:
            raise ConfigError(f"{spec.name} asks no model; leave --model-file out")
        return None
    location = model_file or spec.model_file
    if location is None:
        raise ConfigError(f"{spec.name} needs the model; give its file with --model-file")
    (item,) = find(location)[:1]
    return find_model_file(item.read(), location)


def _say(baseline: Baseline, folder: Path, output: Output, quarantine: Quarantine, labels: JoinReport | None) -> None:
    spec = baseline.settings.spec
    output.say(f"{spec.name} baseline {baseline.baseline_id}: {baseline.rows:,} rows, in {folder}/", style="green")
    if not baseline.settings.time_column and not isinstance(spec, ModelBiasSpec | ModelExplainabilitySpec):
        output.say("limits are not calibrated: name the column with the time of each row with --time, if there is one")
    say_labels(output, labels)
    say_unreadable(output, quarantine)
    output.say(f"next: watchkeeper run DATA -b {folder}")
    output.result(
        {
            "monitor": spec.name,
            "baseline_id": baseline.baseline_id,
            "rows": baseline.rows,
            "columns": list(baseline.settings.columns),
            "quarantined": quarantine.count,
            "labels": label_coverage(labels),
            "folder": str(folder),
            "files": sorted(baseline.files.files),
        }
    )
