"""The program as a process, and small data sets for it."""

from __future__ import annotations

import csv
import json
import math
import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.programs import run_module

Cli = Callable[..., subprocess.CompletedProcess[str]]
REPOSITORY = Path(__file__).parents[2]


def start(folder: Path, *arguments: object, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``python -m watchkeeper`` in a folder, without a terminal."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "COLUMNS": "200", **(env or {})}
    return run_module("watchkeeper", arguments, folder, environment)


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Run the program in the test's own folder."""
    return partial(start, tmp_path)


class Data:
    """Makers of small data sets with the columns temp, carrier, distance."""

    @staticmethod
    def rows(n: int, *, shift: float = 0.0, seed: int = 1) -> list[list[object]]:
        dice = random.Random(seed)  # noqa: S311
        return [
            [round(dice.gauss(45 + shift, 15), 1), dice.choice(["UA", "B6", "EV"]), dice.randint(100, 2500)]
            for _ in range(n)
        ]

    @staticmethod
    def write_csv(path: Path, body: list[list[object]]) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["temp", "carrier", "distance"])
            writer.writerows(body)
        return path

    @staticmethod
    def write_capture(path: Path, body: list[list[object]], when: str, *, garbage: int = 0) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = []
        for index, row in enumerate(body):
            side = {
                "observedContentType": "text/csv",
                "mode": "INPUT",
                "data": ",".join(map(str, row)),
                "encoding": "CSV",
            }
            metadata = {"eventId": str(index), "inferenceTime": when}
            record = {"captureData": {"endpointInput": side}, "eventMetadata": metadata, "eventVersion": "0"}
            lines.append(json.dumps(record))
        lines += ["{not json"] * garbage
        path.write_text("\n".join(lines) + "\n")
        return path


class Flights:
    """Makers of scored flights with their labels; the model is wrong about one carrier if asked to be."""

    HEADER = ("carrier", "temp", "distance", "probability", "late")

    @classmethod
    def rows(cls, n: int, *, seed: int, wrong: str = "", temp: float = 45.0) -> list[dict[str, Any]]:
        dice = random.Random(seed)  # noqa: S311
        made = []
        for _ in range(n):
            carrier, degrees, distance = dice.choice(["UA", "B6", "EV"]), dice.gauss(temp, 15), dice.randint(100, 2500)
            probability = 1 / (1 + math.exp(1.5 - degrees / 30 - (carrier == "EV")))
            late = int(dice.random() < probability)
            shown = 1 - probability if carrier == wrong else probability
            made.append(
                dict(zip(cls.HEADER, (carrier, round(degrees, 1), distance, round(shown, 4), late), strict=True))
            )
        return made

    @classmethod
    def write_csv(cls, path: Path, rows: list[dict[str, Any]], *, with_time: bool = False) -> Path:
        start = datetime(2013, 1, 1, tzinfo=UTC)
        times = [(start + timedelta(minutes=20 * i)).isoformat() for i in range(len(rows))]
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, [*(("time",) if with_time else ()), *cls.HEADER], extrasaction="ignore")
            writer.writeheader()
            writer.writerows({"time": time, **row} for time, row in zip(times, rows, strict=True))
        return path

    @staticmethod
    def write_traffic(folder: Path, rows: list[dict[str, Any]], *, unlabelled: int = 0) -> None:
        """Write ``capture/``, ``ground-truth/`` without the first labels, and ``merged.jsonl``, which has them all."""
        capture = folder / "capture" / "AllTraffic" / "2013" / "07" / "01" / "12" / "00-00-000-x.jsonl"
        truth = folder / "ground-truth" / "2013" / "07" / "02" / "01" / "labels.jsonl"
        events, labels = [], []
        for i, row in enumerate(rows):
            request = f"{row['carrier']},{row['temp']},{row['distance']}"
            sides = {
                "endpointInput": {"data": request, "encoding": "CSV", "mode": "INPUT"},
                "endpointOutput": {"data": str(row["probability"]), "encoding": "CSV", "mode": "OUTPUT"},
            }
            metadata = {"eventId": f"e{i}", "inferenceTime": "2013-07-01T12:00:00Z"}
            events.append({"eventVersion": "0", "captureData": sides, "eventMetadata": metadata})
            label = {"data": str(row["late"]), "encoding": "CSV"}
            labels.append({"groundTruthData": label, "eventMetadata": {"eventId": f"e{i}"}, "eventVersion": "0"})
        merged = [{**label, **event} for label, event in zip(labels, events, strict=True)]
        for path, records in ((capture, events), (truth, labels[unlabelled:]), (folder / "merged.jsonl", merged)):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(json.dumps(record) + "\n" for record in records))


@pytest.fixture
def flights(tmp_path: Path) -> type[Flights]:
    """``train.csv`` with times, ``good.csv``, ``bad.csv`` (wrong about carrier EV), and that as traffic in ``bad/``."""
    Flights.write_csv(tmp_path / "train.csv", Flights.rows(3000, seed=1), with_time=True)
    Flights.write_csv(tmp_path / "good.csv", Flights.rows(1500, seed=2))
    bad = Flights.rows(1500, seed=3, wrong="EV")
    Flights.write_csv(tmp_path / "bad.csv", bad)
    Flights.write_traffic(tmp_path / "bad", bad, unlabelled=150)
    return Flights


@pytest.fixture
def data() -> type[Data]:
    return Data


@pytest.fixture
def train(tmp_path: Path) -> Path:
    return Data.write_csv(tmp_path / "train.csv", Data.rows(2000))


@pytest.fixture(scope="session")
def made_baseline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("baseline")
    Data.write_csv(folder / "train.csv", Data.rows(2000))
    made = start(folder, "baseline", "train.csv", "-o", "baseline")
    assert made.returncode == 0, made.stderr
    return folder / "baseline"


@pytest.fixture
def baseline(made_baseline: Path, train: Path, tmp_path: Path) -> Path:
    """Folder ``baseline`` made from ``train.csv``, both in the test's own folder."""
    assert train.parent == tmp_path
    return Path(shutil.copytree(made_baseline, tmp_path / "baseline"))


@pytest.fixture(scope="session")
def made_runs(made_baseline: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    usual = made_baseline.with_name("train.csv")
    wide = folder / "wide.csv"
    lines = usual.read_text().splitlines()
    wide.write_text("\n".join(f"{line},{i or 'extra'}" for i, line in enumerate(lines)))
    for day, file in ((1, usual), (2, usual), (3, wide)):
        window = f"2013-07-0{day}T00:00:00Z/2013-07-0{day + 1}T00:00:00Z"
        done = start(folder, "run", file, "-b", made_baseline, "-o", f"runs/{day}", "--window", window)
        assert done.returncode == (day == 3), done.stderr
    return folder / "runs"


@pytest.fixture
def runs(made_runs: Path, tmp_path: Path) -> Path:
    """Three days, the last of which has a column too many."""
    return Path(shutil.copytree(made_runs, tmp_path / "runs"))


@pytest.fixture(scope="session")
def s3_address() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_address: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Environment of a process that talks to an S3 on loopback, which has the bucket ``data``."""
    environment = {
        "AWS_ENDPOINT_URL": s3_address,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3").create_bucket(Bucket="data")
    return environment
