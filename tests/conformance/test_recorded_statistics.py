"""Recorded statistics of small data sets hold the data themselves: recomputed from it, they come out the same.

Below 2,050 values a sketch is the column in row order, so each such file is a test of its own; and two recorded
runs can be replayed on rows that are taken from it.
"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.comparison import CAPTURE_FORMAT, assert_same_features, csv_format

if TYPE_CHECKING:
    from tests.conformance.conftest import Analyze

RECORDED = Path(__file__).parents[3] / "shared" / "conformance" / "recorded"
SMALL = (
    "cookbook_1eb9d0a2_c40_5733bd",
    "cookbook_1eb9d0a2_c5_a9ad79",
    "cookbook_ad2a940c_c40_6a424e",
    "learnsm_27df9911_c17_b484b4",
    "mlopsws_1f99a130_c32_97afdf",
    "mlopsws_364991e5_c29_d56236",
)


def columns_of(statistics: dict[str, Any]) -> dict[str, list[str]]:
    """Spell the values of each column; whole numbers in a fractional column were sent either way, so as fractions."""
    columns = {}
    for entry in statistics["features"]:
        (values,) = entry["numerical_statistics"]["distribution"]["kll"]["sketch"]["data"]
        spell = str if entry["inferred_type"] == "Fractional" else lambda value: str(int(value))
        columns[entry["name"]] = [spell(value) for value in values]
    return columns


def csv_of(columns: dict[str, list[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()


@pytest.mark.parametrize("name", SMALL)
def test_statistics_recomputed_from_their_own_rows(name: str, corpus: Path, analyze: Analyze, tmp_path: Path) -> None:
    expected = json.loads((corpus / "recorded/statistics" / f"{name}.json").read_bytes())
    (tmp_path / "rows.csv").write_text(csv_of(columns_of(expected)))

    run = analyze(dataset_source=tmp_path / "rows.csv", dataset_format=csv_format(header=True))

    assert run.exit_code == 0, run.log
    assert_same_features(run.json("statistics.json"), expected)


def test_four_events_of_which_one_has_a_fraction(corpus: Path, analyze: Analyze, tmp_path: Path) -> None:
    """The recorded cookbook run: one violation, and no drift on four events."""
    recorded = corpus / "recorded"
    current = json.loads((recorded / "statistics/cookbook_1eb9d0a2_c40_5733bd.json").read_bytes())
    columns = columns_of(current)
    for name, values in columns.items():
        if name != "approved":  # as sent: whole numbers without a point
            columns[name] = [value.removesuffix(".0") for value in values]
    (tmp_path / "rows.csv").write_text(csv_of(columns))

    run = analyze(
        dataset_source=tmp_path / "rows.csv",
        dataset_format=csv_format(header=True),
        baseline_constraints=recorded / "constraints/cookbook_1eb9d0a2_c27_2f2dc0.json",
        baseline_statistics=recorded / "statistics/cookbook_1eb9d0a2_c5_a9ad79.json",
    )

    expected = json.loads((recorded / "violations/cookbook_1eb9d0a2_c37_e12a64.json").read_bytes())["violations"]
    assert run.violations == {(e["feature_name"], e["constraint_check_type"], e["description"]) for e in expected}


def test_output_columns_come_first_and_columns_are_matched_by_position(
    corpus: Path, analyze: Analyze, tmp_path: Path
) -> None:
    """A baseline with the target last: every column is shifted by one."""
    recorded = corpus / "recorded"
    statistics = json.loads((recorded / "statistics/learnsm_27df9911_c17_b484b4.json").read_bytes())
    rows = list(zip(*columns_of(statistics).values(), strict=True))
    events = [capture_line(row) for row in rows[:3] * 20]
    (tmp_path / "events.jsonl").write_text("\n".join(events))

    run = analyze(
        dataset_source=tmp_path / "events.jsonl",
        dataset_format=CAPTURE_FORMAT,
        baseline_constraints=recorded / "constraints/learnsm_27df9911_c17_bf1290.json",
        baseline_statistics=recorded / "statistics/learnsm_27df9911_c17_b484b4.json",
    )

    expected = json.loads((recorded / "violations/learnsm_27df9911_c27_c1e0eb.json").read_bytes())["violations"]
    assert run.violations == {(e["feature_name"], e["constraint_check_type"], e["description"]) for e in expected}


def capture_line(row: tuple[str, ...]) -> str:
    *features, target = row
    sides = {"endpointInput": ",".join(features), "endpointOutput": target}
    data = {
        side: {"observedContentType": "text/csv", "mode": side[8:].upper(), "data": text, "encoding": "CSV"}
        for side, text in sides.items()
    }
    metadata = {"eventId": "3a39c0e9-2c02-4eeb-a8cf-3bfa4564d931", "inferenceTime": "2021-05-24T15:10:15Z"}
    return json.dumps({"captureData": data, "eventMetadata": metadata, "eventVersion": "0"})
