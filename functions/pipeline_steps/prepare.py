"""Prepare the data of a retraining: the original training set, plus recent traffic with its labels.

``python -m functions.pipeline_steps.prepare`` reads the captured records below ``--capture`` in S3, as far back as
``--max-age-days``, and ``ground-truth`` and ``training-data`` below ``--input``; and writes below ``--output``:

``train/``
    ``original.csv`` and ``recent.csv``, both with a header: the features in request order, then the label.
``holdout/``
    ``features.csv``, headless as the endpoint gets it, and ``labels.csv`` with event id, time and label of each line.
``code/``
    The scripts that the next step runs in the framework's image, which has nothing of ours.
``report/``
    ``join.json``: what became of every event and every label.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

from functions.pipeline_steps.captured import Captured, list_captured
from functions.pipeline_steps.join import JoinReport, LabelledRequest, join, split_by_time
from functions.pipeline_steps.original import columns_of, write_original
from monitoring_core.dataset.capture import read_events
from monitoring_core.dataset.ground_truth import read_ground_truth
from monitoring_core.dataset.quarantine import Quarantine
from monitoring_core.dataset.source import Source
from monitoring_core.errors import ColumnNotFoundError, NoDataError, WatchkeeperError
from monitoring_core.spec import SchemaSpec
from monitoring_core.window import Window, format_time

HANDED_ON = ("evaluate.py", "score.py")
NONE = "-"
MAX_MESSAGE = 1024


def main() -> None:
    """Read, join, split, write; a failure's reason becomes the job's message."""
    options = _options()
    try:
        prepare(options)
    except WatchkeeperError as error:
        options.message.parent.mkdir(parents=True, exist_ok=True)
        options.message.write_text(str(error)[:MAX_MESSAGE])
        raise


def prepare(options: argparse.Namespace) -> JoinReport:
    """Do the step.

    Raises
    ------
    NoDataError
        If fewer rows have labels than were asked for.
    ColumnNotFoundError
        If the training set lacks the label.
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
    requests, report = join(events, truth, features)
    _write_report(options.output / "report", report, captured, quarantine, window)
    if report.labelled_rows < options.min_labelled_rows:
        raise NoDataError(
            f"{report.labelled_rows} rows from {format_time(window.start)} to {format_time(window.end)} have labels, "
            f"{options.min_labelled_rows} are needed; {report.events} events were captured, {report.without_label} of "
            f"them have no label yet, and {quarantine.count} records could not be read; upload the labels, raise "
            "MaxAgeDays or lower MinLabelledRows"
        )
    recent, holdout = split_by_time(requests, options.holdout_share)

    train = _folder(options.output / "train")
    write_original(original, [*features, options.label], train / "original.csv")
    _write_train(train / "recent.csv", [*features, options.label], recent)
    _write_holdout(_folder(options.output / "holdout"), holdout)
    code = _folder(options.output / "code")
    for name in HANDED_ON:
        shutil.copy(Path(__file__).with_name(name), code)
    return report


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--capture", required=True, help="S3 URI of the endpoint's captured data")
    parser.add_argument("--max-age-days", type=int, required=True, help="older captured records are not used")
    parser.add_argument("--message", type=Path, required=True, help="where the reason of a failure goes")
    parser.add_argument("--outputs", required=True, help="the model's output columns, comma separated")
    parser.add_argument("--label", required=True, help="label column of the training set")
    parser.add_argument("--time-column", default=NONE, help=f"time column of the training set, {NONE} for none")
    parser.add_argument("--window-end", type=datetime.fromisoformat, required=True)
    parser.add_argument("--label-lag-hours", type=int, required=True)
    parser.add_argument("--holdout-share", type=float, required=True)
    parser.add_argument("--min-labelled-rows", type=int, required=True)
    return parser.parse_args()


def _sources(folder: Path) -> Iterable[Source]:
    return (Source.of(path) for path in sorted(folder.rglob("*.jsonl*")))


def _only_file(folder: Path) -> Path:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if len(files) != 1:
        raise NoDataError(f"the training set must be one object, got {len(files)} below its URI; give the full key")
    return files[0]


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def _write_report(folder: Path, report: JoinReport, captured: Captured, quarantine: Quarantine, window: Window) -> None:
    unreadable = {str(reason): count for reason, count in sorted(quarantine.by_reason.items())}
    content = {
        "version": 1,
        "from": format_time(window.start),
        "until": format_time(window.end),
        **asdict(report),
        "out_of_window": quarantine.out_of_window,
        "objects": len(captured.uris),
        "objects_too_old": captured.too_old,
        "objects_not_captured": captured.not_captured,
        "unreadable": unreadable,
    }
    (_folder(folder) / "join.json").write_text(json.dumps(content, indent=1))


def _write_train(path: Path, header: Sequence[str], requests: Iterable[LabelledRequest]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for request in requests:
            writer.writerows((*row, label) for row, label in zip(request.rows, request.labels, strict=True))


def _write_holdout(folder: Path, requests: Iterable[LabelledRequest]) -> None:
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
    main()
