"""Runs in the place of Amazon's merge image: joins labels to events by their id.

Run as a file, by any interpreter; so it imports nothing but the standard library. It reads the variables of the merge
job. An event without a label is left out, and so is a label without an event; the first label of an id counts.
"""

from __future__ import annotations

import csv
import io
import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_ID, _TIME = "SageMakerInferenceId", "SageMakerInferenceTime"

Record = dict[str, Any]


def main() -> None:
    """Merge each folder of events into a folder of the same name below the output."""
    told = dict(os.environ)
    source, target = Path(told["dataset_source"]), Path(told["output_path"])
    labels = read_labels(Path(told["ground_truth_source"]))
    events = captured if told["monitoring_input_type"] == "ENDPOINT_INPUT" else transformed
    for folder in sorted({path.parent for path in source.rglob("*") if path.is_file()}):
        files = sorted(path for path in folder.iterdir() if path.is_file())
        lines = [
            json.dumps({**event, "groundTruthData": labels[name]}, separators=(",", ":"))
            for path in files
            for name, event in events(path.read_text(), told)
            if name in labels
        ]
        if lines:
            into = target / folder.relative_to(source)
            into.mkdir(parents=True, exist_ok=True)
            name = uuid.uuid5(uuid.NAMESPACE_URL, f"{folder.relative_to(source)} {told['start_time']}")
            (into / f"part-00000-{name}.c000.jsonl").write_text("\n".join(lines) + "\n")


def read_labels(folder: Path) -> dict[str, Record]:
    """Return the labels by event id."""
    labels: dict[str, Record] = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        for line in path.read_text().splitlines():
            if line.strip():
                record = json.loads(line)
                labels.setdefault(record["eventMetadata"]["eventId"], record["groundTruthData"])
    return labels


def captured(text: str, told: dict[str, str]) -> Iterator[tuple[str, Record]]:
    """Return the captured events of the window, by the id that the caller gave, or else the event's own."""
    for line in text.splitlines():
        record = json.loads(line)
        event = record["eventMetadata"]
        if told["start_time"] <= event["inferenceTime"] < told["end_time"]:
            yield event.get("inferenceId", event["eventId"]), record


def transformed(text: str, told: dict[str, str]) -> Iterator[tuple[str, Record]]:
    """Return the lines of a transform job's output by their id, which is taken off."""
    if "csv" in json.loads(told["dataset_format"]):
        for row in csv.reader(text.splitlines()):
            *cells, name, _ = row
            yield name, _output(name, _joined(cells), "CSV")
        return
    for line in text.splitlines():
        document = json.loads(line)
        name = document.pop(_ID)
        document.pop(_TIME)
        yield name, _output(name, json.dumps(document, separators=(",", ":")), "JSON")


def _output(name: str, data: str, encoding: str) -> Record:
    return {
        "eventVersion": "0",
        "captureData": {"batchTransformOutput": {"data": data, "encoding": encoding}},
        "eventMetadata": {"eventId": name},
    }


def _joined(cells: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


if __name__ == "__main__":
    main()
