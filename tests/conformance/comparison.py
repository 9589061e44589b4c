"""How a written file is compared with a recorded one."""

from __future__ import annotations

import json
import math
from typing import Any

CAPTURE_FORMAT = '{"sagemakerCaptureJson":{"captureIndexNames":["endpointInput","endpointOutput"]}}'
FLOAT_TOLERANCE = {"rel_tol": 1e-9, "abs_tol": 1e-12}
"""Sums and deviations depend on the order of adding; everything else must be exact."""

SUMMED = ("mean", "sum", "std_dev")


def csv_format(*, header: bool) -> str:
    return json.dumps({"csv": {"header": header, "output_columns_position": "START"}})


def assert_same_statistics(got: Any, expected: Any, path: str = "") -> None:
    if isinstance(expected, dict):
        wanted = {key: value for key, value in expected.items() if not key.startswith("_")}  # notes of the corpus
        assert got.keys() == wanted.keys(), path
        for key, value in wanted.items():
            assert_same_statistics(got[key], value, f"{path}/{key}")
    elif isinstance(expected, list):
        assert len(got) == len(expected), path
        for mine, theirs in zip(got, expected, strict=True):
            assert_same_statistics(mine, theirs, path)
    elif expected is None:
        assert path.endswith("sketch/data"), path  # cut off by the log it was recorded from
    elif path.rsplit("/", 1)[-1] in SUMMED:
        assert math.isclose(got, expected, **FLOAT_TOLERANCE), (path, got, expected)
    else:
        assert got == expected, path


def assert_same_features(got: Any, expected: Any) -> None:
    """Compare the features that were recorded: some logs were cut."""
    assert got["dataset"] == expected["dataset"]
    assert got["version"] == expected["version"]
    mine = {feature["name"]: feature for feature in got["features"]}
    assert expected["features"]
    for feature in expected["features"]:
        assert_same_statistics(mine[feature["name"]], feature, feature["name"])
