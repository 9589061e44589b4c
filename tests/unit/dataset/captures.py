"""Capture records, and what was read from them."""

from __future__ import annotations

import json
from typing import Any

from monitoring_core.dataset import Batch, Quarantine, Source, read_capture
from monitoring_core.spec import SchemaSpec
from monitoring_core.window import Window

SCHEMA = SchemaSpec(outputs=("score",), features=("a", "b", "c"))

Values = dict[str, list[str | float | None]]


def side(data: str, encoding: str = "CSV", content_type: str | None = "text/csv") -> dict[str, Any]:
    return {"observedContentType": content_type, "mode": "INPUT", "data": data, "encoding": encoding}


def record(
    request: dict[str, Any] | str | None = "1,2,3",
    answer: dict[str, Any] | str | None = "0.5",
    event_id: str = "e1",
    time: str | None = "2024-01-01T00:00:00Z",
    **metadata: Any,
) -> str:
    """Return one capture line without its line end; a str side is CSV, None leaves it out."""
    sides = {"endpointInput": request, "endpointOutput": answer}
    data = {
        name: side(given) if isinstance(given, str) else given for name, given in sides.items() if given is not None
    }
    times = {} if time is None else {"inferenceTime": time}
    event = {"captureData": data, "eventMetadata": {"eventId": event_id, **times, **metadata}, "eventVersion": "0"}
    return json.dumps(event, separators=(",", ":"))


def read(
    lines: bytes | list[str], columns: SchemaSpec | None = SCHEMA, window: Window | None = None
) -> tuple[list[Batch], Quarantine]:
    data = lines if isinstance(lines, bytes) else "".join(line + "\n" for line in lines).encode()
    quarantine = Quarantine()
    return list(read_capture([Source("capture.jsonl", data)], columns, window, quarantine)), quarantine


def values(batches: list[Batch]) -> Values:
    """Return the present values of every column: text, or number where there are only numbers; None is missing."""
    found: Values = {}
    for batch in batches:
        for name, column in batch.columns.items():
            present = column.numbers.tolist() if column.texts is None else column.texts.tolist()
            kept = [value if code else None for value, code in zip(present, column.codes, strict=True)]
            found.setdefault(name, []).extend(kept)
    return found
