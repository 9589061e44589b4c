"""The data that the benchmarks run on, always the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

COLUMNS = 20
FEATURES = tuple(f"f{i:02}" for i in range(COLUMNS))


def write_parquet(path: Path, rows: int, *, seed: int) -> None:
    """Write `rows` x 20: 14 normal, 4 log-normal and 2 columns of counts."""
    random = np.random.default_rng(seed)
    columns: list[NDArray[Any]] = [random.normal(size=rows) for _ in range(14)]
    columns += [random.lognormal(size=rows) for _ in range(4)]
    columns += [random.poisson(3, size=rows) for _ in range(2)]
    table = dict(zip(FEATURES, columns, strict=True))
    selected = ", ".join(f"unnest($c{i}) AS {name}" for i, name in enumerate(FEATURES))
    parameters = {f"c{i}": values for i, values in enumerate(table.values())}
    duckdb.execute(f"COPY (SELECT {selected}) TO '{path}' (FORMAT parquet)", parameters)


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
