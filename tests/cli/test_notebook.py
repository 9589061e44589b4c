"""The analysis in a notebook: any table in, typed results out."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pytest

from monitoring_core.checks.evaluation import Outcome
from monitoring_core.errors import ColumnNotFoundError, ConfigError, DataError, NoDataError, UnsupportedFormatError
from monitoring_core.spec import TextSpec
from watchkeeper import Baseline, Result, evaluate, fit, specify

Cli = Callable[..., subprocess.CompletedProcess[str]]
REPOSITORY = Path(__file__).parents[2]
QUALITY = specify("model-quality", label="late", probability="probability", segments=["carrier"])
READERS: dict[str, Callable[[Path], Any]] = {
    "pandas": pd.read_csv,
    "polars": pl.read_csv,
    "pyarrow": pyarrow.csv.read_csv,
}


class Tags(HTMLParser):
    """Collects tags and attributes, and that every tag is closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.seen |= {tag, *(name for name, _ in attrs)}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def result(flights: Any, tmp_path: Path) -> Result:  # noqa: ARG001 - writes the files
    baseline = fit(QUALITY, pl.read_csv(tmp_path / "train.csv"), time_column="time")
    return evaluate(baseline, pl.read_csv(tmp_path / "bad.csv"))


@pytest.mark.usefixtures("flights")
def test_pandas_polars_and_pyarrow_give_the_same_bytes(tmp_path: Path) -> None:
    baselines, results = [], []
    for read in READERS.values():
        baselines.append(fit(QUALITY, read(tmp_path / "train.csv"), ignore=["time"]))
        results.append(evaluate(baselines[0], read(tmp_path / "bad.csv")))
    assert len({baseline.baseline_id for baseline in baselines}) == 1
    assert results[0].run.files == results[1].run.files == results[2].run.files
    assert results[0].outcome is Outcome.VIOLATED


@pytest.mark.usefixtures("flights")
def test_the_program_has_the_same_verdict_on_a_baseline_of_a_notebook(cli: Cli, tmp_path: Path, result: Result) -> None:
    baseline = fit(QUALITY, pl.read_csv(tmp_path / "train.csv"), time_column="time")
    baseline.write(tmp_path / "b")
    assert Baseline.read(tmp_path / "b") == baseline
    done = cli("run", "bad.csv", "-b", "b", "-o", "out")
    assert done.returncode == 1, done.stderr
    result.write(tmp_path / "here")
    assert {path.name for path in (tmp_path / "here").iterdir()} == {path.name for path in (tmp_path / "out").iterdir()}
    for path in (tmp_path / "here").iterdir():
        if path.name != "report.html":  # which says when its baseline was made
            assert path.read_bytes() == (tmp_path / "out" / path.name).read_bytes()


def test_a_result_is_a_table_for_every_library(result: Result) -> None:
    rows = result.to_dicts()
    frames = pl.DataFrame(result), pa.table(result), pd.DataFrame(rows)
    assert frames[0].to_dicts() == frames[1].to_pylist() == rows
    assert len(frames[2]) == len(rows)
    violated = frames[0].filter(pl.col("outcome") == "violated")
    assert violated.height == len(result.violations) == len(result.evaluation.violations)
    assert frames[0].schema["value"] == pl.Float64


def test_a_result_tells_the_worst_and_the_weakest(result: Result) -> None:
    assert result.rows == 1500
    assert result.weakest_segments[0].segment == "carrier=EV"
    assert repr(result).startswith("<Result of model-quality: ")
    html = result._repr_html_()
    assert "carrier=EV" in html
    assert "Weakest segments" in html
    tags = Tags()
    tags.feed(html)
    assert tags.open == []
    assert not tags.seen & {"script", "link", "img", "src", "href", "onclick", "style>"}


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "\"><svg onload='x'>", "{{ 7 * 7 }}"])
def test_names_from_the_data_are_text_in_the_card(name: str) -> None:
    baseline = fit("data-quality", pd.DataFrame({name: range(500)}))
    html = evaluate(baseline, pd.DataFrame({name: range(900, 1400)}))._repr_html_()
    tags = Tags()
    tags.feed(html)
    assert not tags.seen & {"script", "svg", "onload"}
    assert "7 * 7" in html or "{{" not in name


def test_every_kind_can_be_fitted_by_its_specification() -> None:
    table = pd.DataFrame({"comment": ["all good here", "nothing to say"] * 200, "id": range(400)})
    baseline = fit(TextSpec(texts=("comment",)), table, ignore=["id"])
    assert evaluate(baseline, table).outcome is Outcome.PASSED
    assert evaluate(baseline, table.drop(columns="id")).outcome is Outcome.PASSED
    assert repr(baseline) == f"<Baseline {baseline.baseline_id} of text, 400 rows>"


def test_the_age_of_data_counts_to_the_end_of_the_window() -> None:
    spec = specify("data-integrity").model_validate(
        {"kind": "data-integrity", "freshness": {"column": "at", "max_age_seconds": 3600}}
    )
    table = pd.DataFrame({"at": ["2013-07-01T12:00:00Z"] * 50, "x": range(50)})
    baseline = fit(spec, table)
    window = "2013-07-01T00:00:00Z/2013-07-01T12:30:00Z"
    assert evaluate(baseline, table, window=window).outcome is Outcome.PASSED
    assert evaluate(baseline, table, window=window.replace("12:30", "18:00")).outcome is Outcome.VIOLATED


def test_mistakes_say_what_to_do(tmp_path: Path) -> None:
    table = pd.DataFrame({"x": [1.0, 2.0] * 100})
    with pytest.raises(ConfigError, match="kind 'quality' is not known here; allowed: data-quality"):
        fit("quality", table)
    with pytest.raises(ConfigError, match="model-quality needs prediction or probability"):
        fit("model-quality", table)
    with pytest.raises(ColumnNotFoundError, match="column 'late' not found; available columns: x"):
        fit(QUALITY, table)
    with pytest.raises(ColumnNotFoundError, match="column 'y' not found"):
        fit("data-quality", table, ignore=["y"])
    with pytest.raises(UnsupportedFormatError, match="cannot read a list; give a pandas DataFrame"):
        fit("data-quality", [1, 2])
    with pytest.raises(NoDataError, match="no rows"):
        fit("data-quality", table.head(0))
    with pytest.raises(DataError, match="1 rows have an infinite number"):
        fit("data-quality", pd.DataFrame({"x": [1.0, float("inf")]}))
    with pytest.raises(NoDataError, match="no row to judge"):
        evaluate(fit("data-quality", table), table.head(0))
    (tmp_path / "model.pkl").write_bytes(b"\x80\x04.")
    with pytest.raises(UnsupportedFormatError, match="is a pickle, which executes code"):
        fit("model-explainability", table, model_file=tmp_path / "model.pkl")


def test_importing_it_needs_neither_the_command_line_nor_aws() -> None:
    code = (
        "import sys; from watchkeeper import fit, evaluate, specify, Baseline, Result;"
        "print(sorted({'typer', 'rich', 'boto3', 'yaml', 'pandas', 'pyarrow', 'polars', 'aws_lambda_powertools'}"
        " & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "[]"


@pytest.mark.usefixtures("flights")
def test_the_examples_of_the_documentation_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (REPOSITORY / "docs" / "python-api.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    assert len(blocks) > 3
    (tmp_path / "model.json").write_text('{"kind": "linear", "features": ["temp"], "weights": [0.03], "bias": -1.0}')
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, "docs/python-api.md", "exec"), names)  # noqa: S102 - our own documentation
    assert isinstance(names["result"], Result)
