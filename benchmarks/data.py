"""The data that the benchmarks run on, always the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

COLUMNS = 20
THRESHOLD = 0.5
FEATURES = tuple(f"f{i:02}" for i in range(COLUMNS))


def write_parquet(path: Path, rows: int, *, seed: int) -> None:
    """Write `rows` x 20: 14 normal, 4 log-normal and 2 columns of counts."""
    random = np.random.default_rng(seed)
    columns: list[NDArray[Any]] = [random.normal(size=rows) for _ in range(14)]
    columns += [random.lognormal(size=rows) for _ in range(4)]
    columns += [random.poisson(3, size=rows) for _ in range(2)]
    _write(path, dict(zip(FEATURES, columns, strict=True)))


def write_decisions(path: Path, rows: int) -> None:
    """Write `rows` labelled binary predictions with a score, a facet, a group of ten and a feature."""
    random = np.random.default_rng(3)
    facet, group = random.integers(0, 2, rows), random.integers(0, 10, rows)
    score = np.clip(random.beta(2, 3, rows) + 0.05 * facet, 0, 1).round(4)
    label = (random.random(rows) < score).astype(np.int64)
    columns = {
        "label": label,
        "predicted": (score > THRESHOLD).astype(np.int64),
        "score": score,
        "facet": facet,
        "group": group,
        "x": random.normal(size=rows),
    }
    _write(path, columns)


def write_capture(path: Path, records: int) -> None:
    """Write `records` captured requests of 20 numbers each, with a probability as the answer."""
    random = np.random.default_rng(7)
    inputs, outputs = random.normal(size=(records, COLUMNS)).round(4), random.random(records).round(6)
    with path.open("w") as file:
        for i in range(records):
            record = {
                "captureData": {
                    "endpointInput": {
                        "observedContentType": "text/csv",
                        "mode": "INPUT",
                        "data": ",".join(map(str, inputs[i])),
                        "encoding": "CSV",
                    },
                    "endpointOutput": {
                        "observedContentType": "text/csv; charset=utf-8",
                        "mode": "OUTPUT",
                        "data": str(outputs[i]),
                        "encoding": "CSV",
                    },
                },
                "eventMetadata": {
                    "eventId": f"00000000-0000-4000-8000-{i:012}",
                    "inferenceTime": f"2013-04-01T{i * 24 // records:02}:00:00Z",
                },
                "eventVersion": "0",
            }
            file.write(json.dumps(record, separators=(",", ":")) + "\n")


def _write(path: Path, columns: Mapping[str, NDArray[Any]]) -> None:
    with duckdb.connect() as connection:
        connection.register("made", columns)
        connection.execute(f"COPY made TO '{path}' (FORMAT parquet)")
