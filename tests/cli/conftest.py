"""The program as a process, and small data sets for it."""

from __future__ import annotations

import csv
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

Cli = Callable[..., subprocess.CompletedProcess[str]]
REPOSITORY = Path(__file__).parents[2]


def start(folder: Path, *arguments: object, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``python -m watchkeeper`` in a folder, without a terminal."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "COLUMNS": "200", **(env or {})}
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "watchkeeper", *map(str, arguments)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


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
