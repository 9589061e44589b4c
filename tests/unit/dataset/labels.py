"""Ground truth records."""

from __future__ import annotations

import json

from monitoring_core.dataset import GroundTruth, Source, read_ground_truth


def label(data: str, encoding: str = "CSV", event_id: str = "e1") -> str:
    """Return one ground truth line without its line end."""
    return json.dumps(
        {
            "groundTruthData": {"data": data, "encoding": encoding},
            "eventMetadata": {"eventId": event_id, "inferenceTime": "2024-01-01T00:00:00Z"},
            "eventVersion": "0",
        }
    )


def truth(lines: list[str], name: str = "labels/2024/01/01/05/0000.jsonl") -> GroundTruth:
    return read_ground_truth([Source(name, "\n".join(lines).encode())])
