"""Prepare the data of a retraining: the original training set, plus recent traffic with its labels.

``python -m functions.pipeline_steps.prepare`` reads the captured records below ``--capture`` in S3, as far back as
``--max-age-days`` and without the windows in which a monitor found the data to be wrong, and ``ground-truth`` and
``training-data`` below ``--input``; and writes below ``--output``:

``train/``
    ``original.csv`` and ``recent.csv``, both with a header: the features in request order, then the label; with
    ``--reweighing`` also ``sample_weight``, the weight of each row.
``dataset/``
    ``training.csv``: the same rows as one data set, with the time column where there is one; Score adds the answers.
``holdout/``
    ``features.csv``, headless as the endpoint gets it, ``columns.json``, the names of its columns, and ``labels.csv``
    with event id, time and label of each line.
``code/``
    The scripts that the next step runs in the framework's image, which has nothing of ours.
``report/``
    ``join.json``: what became of every event and every label, the ``faults`` that were left out, whether that is enough
    (``usable``, 1 or 0), if not the ``reason``, and the ``weights`` where there are any. If it is not enough, nothing
    else is written.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

from functions.common.exit_message import explained
from functions.common.privileges import give_up_root
from functions.pipeline_steps.arguments import NONE, step_parser
from functions.pipeline_steps.captured import Captured, list_captured
from functions.pipeline_steps.faults import Fault, Times, list_faults
from functions.pipeline_steps.join import JoinReport, LabelledRequest, join, split_by_time
from functions.pipeline_steps.original import columns_of, write_original
from functions.pipeline_steps.training import append_rows, write_training
from functions.pipeline_steps.weights import add_weights
from monitoring_core.dataset.capture import read_events
from monitoring_core.dataset.ground_truth import read_ground_truth
from monitoring_core.dataset.quarantine import Quarantine
from monitoring_core.dataset.source import Source
from monitoring_core.errors import ColumnNotFoundError, NoDataError
from monitoring_core.spec import ColumnSelection, SchemaSpec
from monitoring_core.window import Window, format_time

HANDED_ON = ("score_models.py", "score.py")
FOLDERS = ("train", "dataset", "holdout", "code", "report")


def main() -> None:
    """Read, join, split, write; a failure's reason becomes the job's message."""
    options = _options()
    with explained(options.message):
        prepare(options)


def prepare(options: argparse.Namespace) -> JoinReport:
    """Do the step.

    Raises
    ------
    ColumnNotFoundError
        If the training set lacks the label.
    DataError
        If no weights can mitigate the bias.
    """
    original = _only_file(options.input / "training-data")
    columns = columns_of(original)
    outputs = tuple(options.outputs.split(","))
    if options.label not in columns:
        raise ColumnNotFoundError(options.label, columns)
    features = [name for name in columns if name not in {options.label, options.time_column, *outputs}]

    quarantine = Quarantine()
    captured = list_captured(options.capture, options.window_end, timedelta(days=options.max_age_days))
    window = Window(captured.start, options.window_end - timedelta(hours=options.label_lag_hours))
    schema = SchemaSpec(outputs=outputs, features=tuple(features))
    events = read_events(captured.sources(), schema, window, quarantine)
    truth = read_ground_truth(_sources(options.input / "ground-truth"), quarantine)
    faults = list_faults(options.reports, window)
    requests, report = join(events, truth, features, Times(fault.window for fault in faults))
    for name in FOLDERS:
        (options.output / name).mkdir(parents=True, exist_ok=True)
    counts = _counts(report, captured, quarantine, window) | {"faults": [_told(fault) for fault in faults]}
    try:
        recent, holdout = _split(requests, report, quarantine, window, options)
    except NoDataError as error:
        _write_report(options.output, counts, usable=0, reason=str(error))
        return report

    weights = _write_train(options, original, features, recent)
    _write_holdout(options.output / "holdout", features, holdout)
    for name in HANDED_ON:
        shutil.copy(Path(__file__).with_name(name), options.output / "code")
    _write_report(options.output, counts, usable=1, reason=NONE, weights=weights)
    return report


def _options() -> argparse.Namespace:
    parser = step_parser(__doc__)
    parser.add_argument("--capture", required=True, help="S3 URI of the endpoint's captured data")
    parser.add_argument("--reports", default=NONE, help=f"S3 URI of the endpoint's reports, {NONE}: keep faulty data")
    parser.add_argument("--max-age-days", type=int, required=True, help="older captured records are not used")
    parser.add_argument("--time-column", default=NONE, help=f"time column of the training set, {NONE} for none")
    parser.add_argument("--window-end", type=datetime.fromisoformat, required=True)
    parser.add_argument("--label-lag-hours", type=int, required=True)
    parser.add_argument("--holdout-share", type=float, required=True)
    parser.add_argument("--min-labelled-rows", type=int, required=True)
    parser.add_argument("--reweighing", default=NONE, help=f"facet as JSON by which rows are weighed, {NONE} for none")
    return parser.parse_args()


def _sources(folder: Path) -> Iterable[Source]:
    return (Source.of(path) for path in sorted(folder.rglob("*.jsonl*")))


def _only_file(folder: Path) -> Path:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if len(files) != 1:
        raise NoDataError(f"the training set must be one object, got {len(files)} below its URI; give the full key")
    return files[0]


def _split(
    requests: Sequence[LabelledRequest],
    report: JoinReport,
    quarantine: Quarantine,
    window: Window,
    options: argparse.Namespace,
) -> tuple[list[LabelledRequest], list[LabelledRequest]]:
    """Split into what is trained on and what is held out.

    Raises
    ------
    NoDataError
        If that is not enough to train and compare models.
    """
    if report.labelled_rows < options.min_labelled_rows:
        raise NoDataError(
            f"{report.labelled_rows} rows from {format_time(window.start)} to {format_time(window.end)} have labels, "
            f"{options.min_labelled_rows} are needed; {report.events} events were captured, {report.without_label} of "
            f"them have no label yet, {report.faulty} are of times at which a monitor found the data to be wrong, and "
            f"{quarantine.count} records could not be read; upload the labels, raise "
            "MaxAgeDays or lower MinLabelledRows"
        )
    recent, holdout = split_by_time(requests, options.holdout_share)
    labels = [label for request in holdout for label in request.labels]
    if len(set(labels)) < 2:  # noqa: PLR2004 - labels that differ
        raise NoDataError(
            f"all {len(labels)} held-out labels are {labels[0]}; comparing needs labels that differ: wait for more of "
            "them or raise HoldoutShare"
        )
    return recent, holdout


def _counts(report: JoinReport, captured: Captured, quarantine: Quarantine, window: Window) -> dict[str, object]:
    return {
        "version": 1,
        "from": format_time(window.start),
        "until": format_time(window.end),
        **asdict(report),
        "out_of_window": quarantine.out_of_window,
        "objects": len(captured.uris),
        "objects_too_old": captured.too_old,
        "objects_not_captured": captured.not_captured,
        "unreadable": {str(reason): count for reason, count in sorted(quarantine.by_reason.items())},
    }


def _told(fault: Fault) -> dict[str, str]:
    return {"window": str(fault.window), "manifest": fault.manifest, "sentence": fault.sentence}


def _write_report(output: Path, counts: dict[str, object], **more: object) -> None:
    (output / "report" / "join.json").write_text(json.dumps({**counts, **more}, indent=1))


def _write_train(
    options: argparse.Namespace, original: Path, features: Sequence[str], recent: Sequence[LabelledRequest]
) -> list[dict[str, object]]:
    columns = [*features, options.label]
    train, dataset = options.output / "train", options.output / "dataset" / "training.csv"
    files = [train / "original.csv", train / "recent.csv"]
    write_original(original, columns, files[0])
    with files[1].open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerow(columns)
    append_rows(files[1], recent)
    write_training(original, columns, None if options.time_column == NONE else options.time_column, recent, dataset)
    if options.reweighing == NONE:
        return []
    return add_weights(files, ColumnSelection.model_validate_json(options.reweighing), options.label)


def _write_holdout(folder: Path, features: Sequence[str], requests: Iterable[LabelledRequest]) -> None:
    (folder / "columns.json").write_text(json.dumps(list(features)))
    with (
        (folder / "features.csv").open("w", newline="") as rows,
        (folder / "labels.csv").open("w", newline="") as labels,
    ):
        row_writer, label_writer = csv.writer(rows, lineterminator="\n"), csv.writer(labels, lineterminator="\n")
        label_writer.writerow(("event_id", "time", "label"))
        for request in requests:
            row_writer.writerows(request.rows)
            label_writer.writerows((request.event_id, format_time(request.time), label) for label in request.labels)


if __name__ == "__main__":
    give_up_root(os.environ)
    main()
