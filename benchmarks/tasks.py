"""What is measured of ours; each task gets the folder with the data, and ends its phases."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.peers.laps import Laps

MADE = datetime(2013, 4, 1, tzinfo=UTC)
MERGES = 400


def decode_only(folder: Path, laps: Laps) -> str:
    """Decode the Parquet file to numpy columns and do nothing with it: the floor."""
    import duckdb

    laps.lap("import")
    columns = duckdb.read_parquet(str(folder / "current.parquet")).fetchnumpy()
    laps.lap("work")
    return f"{len(columns)} columns"


def make_baseline(folder: Path, laps: Laps) -> str:
    """Make a baseline of the reference data."""
    from monitoring_core.artifacts import make_baseline as make
    from monitoring_core.dataset import Source, read_parquet
    from monitoring_core.spec import DataQualitySpec

    laps.lap("import")
    batches = read_parquet(Source.of(folder / "reference.parquet"))
    made = make(DataQualitySpec(), batches, model="m", dataset="d", dataset_sha256="0", created_at=MADE)
    for name, content in made.files.items():
        (folder / "baseline" / name).write_bytes(content)
    laps.lap("work")
    return f"{sum(map(len, made.files.values())) / 1e6:.1f} MB of files"


def evaluate(folder: Path, laps: Laps) -> str:
    """Profile the current data, run all checks, write Amazon's files."""
    return _evaluate(folder, "current.parquet", laps)


def evaluate_ten_million(folder: Path, laps: Laps) -> str:
    """Do the same with ten times the rows."""
    return _evaluate(folder, "large.parquet", laps)


def _evaluate(folder: Path, name: str, laps: Laps) -> str:
    from monitoring_core.artifacts import evaluate_window, load_baseline
    from monitoring_core.dataset import Source, read_parquet
    from monitoring_core.spec import DataQualitySpec

    laps.lap("import")
    baseline = load_baseline({path.name: path.read_bytes() for path in (folder / "baseline").iterdir()})
    result = evaluate_window(DataQualitySpec(), read_parquet(Source.of(folder / name)), baseline)
    laps.lap("work")
    return f"{len(result.evaluation.checks)} checks, {result.violations} violations"


def read_capture(folder: Path, laps: Laps) -> str:
    """Read capture records to typed columns."""
    from benchmarks.data import FEATURES
    from monitoring_core.dataset import Source
    from monitoring_core.dataset import read_capture as read
    from monitoring_core.spec import SchemaSpec

    laps.lap("import")
    columns = SchemaSpec(outputs=("probability",), features=FEATURES)
    rows = sum(len(batch) for batch in read([Source.of(folder / "capture.jsonl")], columns))
    megabytes = (folder / "capture.jsonl").stat().st_size / 1e6
    return f"{rows:,} rows, {megabytes / laps.lap('work'):.0f} MB/s of {megabytes:.0f} MB"


def model_bias(folder: Path, laps: Laps) -> str:
    """Compute every bias metric of one facet, before and after training, with intervals."""
    from monitoring_core.dataset import Source, read_parquet
    from monitoring_core.monitors.model_bias.analysis import make_files
    from monitoring_core.spec.model_bias import ColumnSelection, ModelBiasSpec

    spec = ModelBiasSpec(
        label=ColumnSelection(column="label", equals=(1,)),
        facets=(ColumnSelection(column="facet", equals=(1,)),),
        predicted_label="predicted",
        group_variable="group",
    )
    laps.lap("import")
    batches = list(read_parquet(Source.of(folder / "decisions.parquet")))
    laps.lap("load")
    files, rows = make_files(spec, batches)
    laps.lap("work")
    return f"{rows:,} rows, {sum(map(len, files.values())) / 1e3:.0f} kB of files"


def model_quality(folder: Path, laps: Laps) -> str:
    """Compute every binary metric with 200 bootstrap repeats."""
    from monitoring_core.dataset import Source, read_parquet
    from monitoring_core.monitors.model_quality.analysis import make_files
    from monitoring_core.spec.model_quality import ModelQualitySpec, ProblemType

    spec = ModelQualitySpec(
        problem_type=ProblemType.BINARY,
        inference_attribute="predicted",
        probability_attribute="score",
        ground_truth_attribute="label",
    )
    laps.lap("import")
    batches = list(read_parquet(Source.of(folder / "decisions.parquet")))
    laps.lap("load")
    files, rows = make_files(spec, [batches])
    laps.lap("work")
    return f"{rows:,} rows, {sum(map(len, files.values())) / 1e3:.0f} kB of files"


def merge_states(folder: Path, laps: Laps) -> str:
    """Merge the data-quality states of all batches one after the other, and those of two batches, many times."""
    import pickle

    from monitoring_core.dataset import Source, read_parquet
    from monitoring_core.monitors.base import profile
    from monitoring_core.monitors.data_quality import DataProfile, DataQuality
    from monitoring_core.stats.mergeable import merge_all

    laps.lap("import")
    monitor = DataQuality()
    batches = list(read_parquet(Source.of(folder / "current.parquet")))
    edges = monitor.as_reference(profile(monitor, batches))
    states = [monitor.observe(batch, edges) for batch in batches]
    hundred_columns = 100 / len(edges.columns) * 1e3
    laps.lap("load")
    for _ in range(MERGES):
        states[0].merge(states[1])
    two = laps.lap("two") / MERGES * hundred_columns
    for _ in range(MERGES // len(states)):
        merged = merge_all(states, DataProfile())
    every = laps.lap("all") / (MERGES // len(states) * len(states)) * hundred_columns
    size = len(pickle.dumps(merged)) / len(edges.columns) / 1e3
    return f"two {two:.2f}, all in turn {every:.2f} ms a merge of 100 columns; {size:.0f} kB a column"


def import_core(folder: Path, laps: Laps) -> str:  # noqa: ARG001 - every task gets the folder
    """Import what a Lambda function imports of the analysis."""
    import monitoring_core.artifacts  # noqa: F401 - the import is what is measured

    laps.lap("work")
    heavy = sorted({"pandas", "scipy", "boto3", "pyarrow", "aws_cdk"} & set(sys.modules))
    return f"heavy modules loaded: {', '.join(heavy) or 'none'}"


def bundle_analysis(folder: Path, laps: Laps) -> str:  # noqa: ARG001 - every task gets the folder
    """Build the Lambda zip of the analysing functions."""
    from infra.bundling import ANALYSIS, build

    with TemporaryDirectory() as made:
        target = Path(made) / "bundle"
        target.mkdir()
        build(ANALYSIS, "x86_64", target)
        subprocess.run([sys.executable, "-m", "zipfile", "-c", f"{made}/bundle.zip", f"{target}/."], check=True)  # noqa: S603
        unzipped = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
        laps.lap("work")
        return f"{(Path(made) / 'bundle.zip').stat().st_size / 1e6:.0f} MB zipped, {unzipped / 1e6:.0f} MB unzipped"


Task = Callable[[Path, Laps], str]

TASKS: tuple[Task, ...] = (
    import_core,
    decode_only,
    make_baseline,
    evaluate,
    evaluate_ten_million,
    read_capture,
    merge_states,
    model_bias,
    model_quality,
    bundle_analysis,
)
