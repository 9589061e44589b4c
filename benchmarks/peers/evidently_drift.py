"""Evidently: `DataDriftPreset` of the current data against the reference."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.peers.laps import Laps

laps = Laps()
import pandas as pd  # noqa: E402 - importing is timed
from evidently import DataDefinition, Dataset, Report  # noqa: E402
from evidently.presets import DataDriftPreset  # noqa: E402

laps.lap("import")
folder = Path(sys.argv[1])
tables = [pd.read_parquet(folder / f"{side}.parquet") for side in ("reference", "current")]
laps.lap("load")
definition = DataDefinition(numerical_columns=list(tables[0].columns))
reference, current = (Dataset.from_pandas(table, data_definition=definition) for table in tables)
found = Report([DataDriftPreset()]).run(current, reference).dict()
laps.lap("work")
laps.report(f"{len(found['metrics'])} metrics of {len(tables[1]):,} rows")
