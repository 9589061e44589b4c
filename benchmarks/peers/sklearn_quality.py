"""scikit-learn: AUC and F1 of resampled rows, a few repeats of the 200."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.peers.laps import Laps

REPEATS = 5

laps = Laps()
import numpy as np  # noqa: E402 - importing is timed
import pyarrow.parquet as pq  # noqa: E402
from sklearn.metrics import f1_score, roc_auc_score  # noqa: E402

laps.lap("import")
table = pq.read_table(Path(sys.argv[1]) / "decisions.parquet", columns=["label", "predicted", "score"])
label, predicted, score = (column.to_numpy() for column in table.columns)
laps.lap("load")
random = np.random.default_rng(0)
values = []
for _ in range(REPEATS):
    rows = random.integers(0, len(label), len(label))
    values.append((roc_auc_score(label[rows], score[rows]), f1_score(label[rows], predicted[rows])))
laps.lap("work")
laps.report(f"{len(values)} of 200 repeats, AUC {np.mean(values, axis=0)[0]:.3f}")
