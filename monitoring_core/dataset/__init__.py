"""Data sets: bytes or tables in, batches of typed columns out.

Everything that is read becomes a stream of `Batch`; what cannot be read is in the `Quarantine`::

    quarantine = Quarantine()
    sources = [Source.of(path) for path in sorted(Path("capture").rglob("*.jsonl"))]
    columns = SchemaSpec(outputs=("probability",), features=("distance", "carrier"))
    for batch in read_capture(sources, columns, Window.parse("2013-04-01T00:00:00Z/2013-04-02T00:00:00Z"), quarantine):
        print(len(batch), batch["distance"].numbers.mean(), quarantine.count)
"""

from monitoring_core.dataset.batch import Batch, Column, TypeCode
from monitoring_core.dataset.capture import CapturedEvent, read_capture, read_events
from monitoring_core.dataset.delimited import read_csv
from monitoring_core.dataset.formats import DatasetFormat, FileKind, read_dataset
from monitoring_core.dataset.ground_truth import GroundTruth, read_ground_truth, upload_order
from monitoring_core.dataset.jsonlines import read_json, read_json_lines
from monitoring_core.dataset.labelled import JoinReport, read_labelled
from monitoring_core.dataset.merge import write_merged
from monitoring_core.dataset.merged import read_merged
from monitoring_core.dataset.parquet import read_parquet
from monitoring_core.dataset.quarantine import Quarantine, QuarantinedRecord, Reason
from monitoring_core.dataset.source import Source
from monitoring_core.dataset.tables import read_table
from monitoring_core.dataset.types import column_from_texts, infer_type

__all__ = [
    "Batch",
    "CapturedEvent",
    "Column",
    "DatasetFormat",
    "FileKind",
    "GroundTruth",
    "JoinReport",
    "Quarantine",
    "QuarantinedRecord",
    "Reason",
    "Source",
    "TypeCode",
    "column_from_texts",
    "infer_type",
    "read_capture",
    "read_csv",
    "read_dataset",
    "read_events",
    "read_ground_truth",
    "read_json",
    "read_json_lines",
    "read_labelled",
    "read_merged",
    "read_parquet",
    "read_table",
    "upload_order",
    "write_merged",
]
