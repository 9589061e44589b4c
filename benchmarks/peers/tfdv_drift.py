"""TensorFlow Data Validation: statistics of both sides, Jensen-Shannon drift between them."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.peers.laps import Laps

laps = Laps()
import pandas as pd  # noqa: E402 - importing is timed
import tensorflow_data_validation as tfdv  # noqa: E402

laps.lap("import")
folder = Path(sys.argv[1])
reference = pd.read_parquet(folder / "reference.parquet")
laps.lap("load reference")
before = tfdv.generate_statistics_from_dataframe(reference, n_jobs=1)
schema = tfdv.infer_schema(before)
for name in reference.columns:
    tfdv.get_feature(schema, name).drift_comparator.jensen_shannon_divergence.threshold = 0.01
laps.lap("profile reference")
current = pd.read_parquet(folder / "current.parquet")
laps.lap("load")
after = tfdv.generate_statistics_from_dataframe(current, n_jobs=1)
anomalies = tfdv.validate_statistics(after, schema, previous_statistics=before)
laps.lap("work")
laps.report(f"{len(anomalies.drift_skew_info)} distances of {len(current):,} rows")
