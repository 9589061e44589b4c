"""Ask champion and challenger about the held-out rows, and the challenger about those it was trained on.

Runs as a file in the framework's image, beside ``score.py``; needs nothing but the standard library and what the models
need. Reads below ``--input``: ``holdout/features.csv`` (headless, as the endpoint gets it), ``dataset/training.csv``,
``champion`` and ``challenger`` (one ``model.tar.gz`` each). Writes below ``--output``:

``scores/``
    ``champion.csv`` and ``challenger.csv``: the models' answers to the held-out rows, headless, a line for each row.
``dataset/``
    ``training.csv``: the training data with the challenger's answers as columns, as captured data has them.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

MAX_MESSAGE = 1024
MAX_TAIL = 800
"""Characters of what a failed scoring wrote last that become part of the message."""


class ScoringError(RuntimeError):
    """A model could not score the held-out rows; the message ends with what it wrote last."""


def score(archive_folder: Path, *rows: Path) -> list[str]:
    """Return the answers of the model in an archive to the rows of some files, one after the other.

    Raises
    ------
    ScoringError
        If it fails.
    """
    archives = sorted(archive_folder.glob("*.tar.gz"))
    if len(archives) != 1:
        raise FileNotFoundError(f"{archive_folder.name}: expected one *.tar.gz, found {len(archives)}")
    with tempfile.TemporaryDirectory() as folder:
        _unpack(archives[0], Path(folder).resolve())
        command = [sys.executable, str(Path(__file__).with_name("score.py")), folder, *map(str, rows)]
        answer = subprocess.run(command, capture_output=True, check=False, text=True)  # noqa: S603 - our own script
    sys.stderr.write(answer.stderr)
    if answer.returncode:
        tail = answer.stderr.strip()[-MAX_TAIL:]
        raise ScoringError(f"the {archive_folder.name} cannot score (exit code {answer.returncode}): ...{tail}")
    return answer.stdout.splitlines()


def main() -> None:
    """Score with both; a failure's reason becomes the job's message."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--message", type=Path, required=True, help="where the reason of a failure goes")
    parser.add_argument("--outputs", required=True, help="the model's output columns, comma separated")
    parser.add_argument("--label", required=True, help="label column of the training data")
    parser.add_argument("--time-column", required=True, help="time column of the training data, if it has one")
    options = parser.parse_args()
    scores, dataset = options.output / "scores", options.output / "dataset"
    for folder in (scores, dataset):
        folder.mkdir(parents=True, exist_ok=True)
    try:
        holdout = options.input / "holdout" / "features.csv"
        _write(scores / "champion.csv", score(options.input / "champion", holdout))
        with tempfile.TemporaryDirectory() as folder:
            trained = Path(folder) / "features.csv"
            held, total = len(holdout.read_text().splitlines()), _write_features(options, trained)
            answers = score(options.input / "challenger", holdout, trained)
        _write(scores / "challenger.csv", answers[:held])
        _add_answers(options, answers[held : held + total], dataset / "training.csv")
    except (OSError, ScoringError) as error:
        options.message.parent.mkdir(parents=True, exist_ok=True)
        options.message.write_text(str(error)[:MAX_MESSAGE])
        raise


def _write(path: Path, answers: list[str]) -> None:
    path.write_text("".join(f"{answer}\n" for answer in answers))


def _write_features(options: argparse.Namespace, target: Path) -> int:
    """Write the features of the training data, headless; return the number of rows."""
    with _training_data(options).open(newline="") as file, target.open("w", newline="") as headless:
        reader, writer = csv.reader(file), csv.writer(headless, lineterminator="\n")
        features = [i for i, name in enumerate(next(reader)) if name not in {options.label, options.time_column}]
        rows = [[row[i] for i in features] for row in reader]
        writer.writerows(rows)
    return len(rows)


def _add_answers(options: argparse.Namespace, answers: list[str], target: Path) -> None:
    """Write the training data with the challenger's answers."""
    outputs = options.outputs.split(",")[: len(next(csv.reader(answers[:1])))]
    with _training_data(options).open(newline="") as file, target.open("w", newline="") as joined:
        reader, writer = csv.reader(file), csv.writer(joined, lineterminator="\n")
        writer.writerow([*next(reader), *outputs])
        writer.writerows(
            [*row, *answer[: len(outputs)]] for row, answer in zip(reader, csv.reader(answers), strict=True)
        )


def _training_data(options: argparse.Namespace) -> Path:
    return Path(options.input) / "dataset" / "training.csv"


def _unpack(path: Path, folder: Path) -> None:
    """Write the files of an archive below a folder; `extractall` has filters from Python 3.11.4 on only."""
    with tarfile.open(path) as archive:
        for member in archive:
            target, content = (folder / member.name).resolve(), archive.extractfile(member) if member.isfile() else None
            if content is None:
                continue
            if not target.is_relative_to(folder):
                raise ScoringError(f"{path.name}: {member.name!r} lies outside the archive's folder")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.read())


if __name__ == "__main__":
    main()
