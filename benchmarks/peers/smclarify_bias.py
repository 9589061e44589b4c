"""smclarify: every post-training metric of one facet."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.peers.laps import Laps

laps = Laps()
import pandas as pd  # noqa: E402 - importing is timed
from smclarify.bias.report import FacetColumn, LabelColumn, StageType, bias_report  # noqa: E402

laps.lap("import")
table = pd.read_parquet(Path(sys.argv[1]) / "decisions.parquet")
laps.lap("load")
found = bias_report(
    table[["facet", "group", "x"]],
    FacetColumn("facet", [1]),
    LabelColumn("label", table["label"], [1]),
    StageType.POST_TRAINING,
    LabelColumn("predicted", table["predicted"], [1]),
    group_variable=table["group"],
)
laps.lap("work")
laps.report(f"{sum(len(facet['metrics']) for facet in found)} metrics of {len(table):,} rows")
