"""What is measured; each task gets the folder with the data."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

MADE = datetime(2013, 4, 1, tzinfo=UTC)


def decode_only(folder: Path) -> str:
    """Decode the Parquet file to numpy columns and do nothing with it: the floor."""
    import duckdb

    columns = duckdb.read_parquet(str(folder / "current.parquet")).fetchnumpy()
    return f"{len(columns)} columns"


def make_baseline(folder: Path) -> str:
    """Make a baseline of the reference data."""
    from monitoring_core.artifacts import make_baseline as make
    from monitoring_core.dataset import Source, read_parquet
    from monitoring_core.spec import DataQualitySpec

    batches = read_parquet(Source.of(folder / "reference.parquet"))
    made = make(DataQualitySpec(), batches, model="m", dataset="d", dataset_sha256="0", created_at=MADE)
    for name, content in made.files.items():
        (folder / "baseline" / name).write_bytes(content)
    return f"{sum(map(len, made.files.values())) / 1e6:.1f} MB of files"


def evaluate(folder: Path) -> str:
    """Profile the current data, run all checks, write Amazon's files."""
    from monitoring_core.artifacts import evaluate_window, load_baseline
    from monitoring_core.dataset import Source, read_parquet
    from monitoring_core.spec import DataQualitySpec

    baseline = load_baseline({path.name: path.read_bytes() for path in (folder / "baseline").iterdir()})
    result = evaluate_window(DataQualitySpec(), read_parquet(Source.of(folder / "current.parquet")), baseline)
    return f"{len(result.evaluation.checks)} checks, {result.violations} violations"


def read_capture(folder: Path) -> str:
    """Read capture records to typed columns."""
    from benchmarks.data import FEATURES
    from monitoring_core.dataset import Source
    from monitoring_core.dataset import read_capture as read
    from monitoring_core.spec import SchemaSpec

    columns = SchemaSpec(outputs=("probability",), features=FEATURES)
    rows = sum(len(batch) for batch in read([Source.of(folder / "capture.jsonl")], columns))
    return f"{rows:,} rows of {(folder / 'capture.jsonl').stat().st_size / 1e6:.0f} MB"


def import_core(folder: Path) -> str:  # noqa: ARG001 - every task gets the folder
    """Import what a Lambda function imports of the analysis."""
    import monitoring_core.artifacts  # noqa: F401 - the import is what is measured

    heavy = sorted({"pandas", "scipy", "boto3", "pyarrow", "aws_cdk"} & set(sys.modules))
    return f"heavy modules loaded: {', '.join(heavy) or 'none'}"


def bundle_analysis(folder: Path) -> str:  # noqa: ARG001 - every task gets the folder
    """Build the Lambda zip of the analysing functions."""
    from infra.bundling import ANALYSIS, build

    with TemporaryDirectory() as made:
        target = Path(made) / "bundle"
        target.mkdir()
        build(ANALYSIS, "x86_64", target)
        subprocess.run([sys.executable, "-m", "zipfile", "-c", f"{made}/bundle.zip", f"{target}/."], check=True)  # noqa: S603
        unzipped = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
        return f"{(Path(made) / 'bundle.zip').stat().st_size / 1e6:.0f} MB zipped, {unzipped / 1e6:.0f} MB unzipped"


TASKS: tuple[Callable[[Path], str], ...] = (
    decode_only,
    make_baseline,
    evaluate,
    read_capture,
    import_core,
    bundle_analysis,
)
