"""Make the baselines of a model that is going to be registered, of the data it was trained on and compared on.

``python -m functions.pipeline_steps.baseline`` reads below ``--input``: ``holdout`` (from Prepare), ``dataset`` and
``scores`` (from Score), ``challenger``; and in S3 how the endpoint's monitors make their baselines. Writes below
``--output``/baseline:

``<kind>/``
    A whole baseline, as it would lie in the bucket: data quality and explainability on the training data, model quality
    and bias on the held-out rows with the challenger's answers. Beside it `SPEC`, and for Clarify's kinds
    ``analysis_config.json``.
``holdout.csv``
    The held-out rows: the time column where there is one, the model's answers, the features, the label.
"""

from __future__ import annotations

import argparse
import csv
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from functions.baseline.request import Properties
from functions.common.exit_message import explained
from functions.common.fitting import fit
from functions.common.packaged import HOLDOUT, PREDICTED, SPEC
from functions.common.privileges import give_up_root
from functions.pipeline_steps.arguments import NONE, step_parser
from functions.pipeline_steps.holdout import HeldOut, read_answers
from functions.pipeline_steps.watched import read_watched
from monitoring_core.baseline_files import BaselineFiles
from monitoring_core.dataset import Source
from monitoring_core.explain.archive import find_model_file
from monitoring_core.spec import ModelBiasSpec, ModelExplainabilitySpec, MonitorSpec
from monitoring_core.spec.analysis_config import analysis_config, dump_analysis_config

ANALYSIS_CONFIG: Final = "analysis_config.json"
REQUEST: Final = {"content_type": "text/csv", "accept_type": "text/csv"}
"""How the model is asked; which one is not known before there is an endpoint."""


@dataclass(frozen=True, slots=True)
class DataSet:
    """A file of rows, and where it lies in S3."""

    path: Path
    uri: str


def main() -> None:
    """Make the baselines; a failure's reason becomes the job's message."""
    options = _options()
    with explained(options.message):
        make(options)


def make(options: argparse.Namespace) -> None:
    """Do the step.

    Raises
    ------
    WatchkeeperError
        If a baseline cannot be made of this data.
    """
    target: Path = options.output / "baseline"
    target.mkdir(parents=True, exist_ok=True)
    held = HeldOut.read(options.input / "holdout")
    answers = read_answers(options.input / "scores" / "challenger.csv", options.outputs.split(","))
    times = {} if options.time_column == NONE else {options.time_column: held.times}
    _write_csv(target / HOLDOUT, {**times, **held.columns(options.label, answers)})
    training = DataSet(options.input / "dataset" / "training.csv", options.training_data)
    holdout = DataSet(target / HOLDOUT, f"{options.baseline_uri}/{HOLDOUT}")
    model_file = next((options.input / "challenger").iterdir()).read_bytes()
    for kind, watched in read_watched(options.baselines, options.monitors).items():
        data = holdout if kind in PREDICTED else training
        made = _baseline(watched, data, options.model, model_file)
        spec = watched.spec.model_dump_json().encode()
        config = _analysis_config(watched.spec, tuple(held.features))
        _write_files(target / kind, {**made.files, SPEC: spec, **config})


def _baseline(watched: Properties, data: DataSet, model: str, artifact: bytes) -> BaselineFiles:
    asks = isinstance(watched.spec, ModelExplainabilitySpec)
    order = watched.order(datetime.now(UTC)).model_copy(update={"model": model, "dataset": data.uri})
    return fit(order, Source.of(data.path), find_model_file(artifact, model) if asks else None).files


def _analysis_config(spec: MonitorSpec, features: tuple[str, ...]) -> dict[str, bytes]:
    """Return what Clarify would be told to do the same."""
    if not isinstance(spec, ModelBiasSpec | ModelExplainabilitySpec):
        return {}
    columns = spec.columns.model_copy(update={"features": spec.columns.features or features})
    named = spec.model_copy(update={"columns": columns})
    return {ANALYSIS_CONFIG: dump_analysis_config(analysis_config(named, predictor=REQUEST)).encode()}


def _write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir()
    for name, body in files.items():
        (folder / name).write_bytes(body)


def _write_csv(path: Path, columns: Mapping[str, Iterable[str]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def _options() -> argparse.Namespace:
    parser = step_parser(__doc__)
    parser.add_argument("--time-column", default=NONE, help=f"time column of the training set, {NONE} for none")
    parser.add_argument("--baselines", required=True, help="S3 URI of the baselines of the endpoint's monitors")
    parser.add_argument("--monitors", default=NONE, help="one monitor of each kind, comma separated")
    parser.add_argument("--model", required=True, help="S3 URI of the challenger")
    parser.add_argument("--training-data", required=True, help="S3 URI of the training data")
    parser.add_argument("--baseline-uri", required=True, help="S3 URI of what this step writes")
    return parser.parse_args()


if __name__ == "__main__":
    give_up_root(os.environ)
    main()
