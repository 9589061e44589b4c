"""What a preprocessing script is given: one captured event under Amazon's attribute names (contract 3.9)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from monitoring_core.dataset.capture_record import CaptureRecord
from monitoring_core.dataset.payload import Payload
from monitoring_core.dataset.record_document import as_document
from monitoring_core.window import format_time


@dataclass(frozen=True, slots=True)
class CapturedData:
    """One side of an event, or its label."""

    encoding: str
    data: str
    observedContentType: str | None = None  # noqa: N815 - Amazon's name
    mode: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the attributes by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class EventMetadata:
    """Identity of an event."""

    event_id: str
    event_time: str | None = None
    custom_attribute: list[str] | None = None
    inference_id: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the attributes by name."""
        return asdict(self)


class InferenceRecord:
    """One captured event; sides that it does not have are None.

    Parameters
    ----------
    record : CaptureRecord
        The event.
    """

    event_version = "0"

    def __init__(self, record: CaptureRecord) -> None:
        data, event = record.capture_data, record.event_metadata
        self.endpoint_input = _captured(data.endpoint_input, "INPUT")
        self.endpoint_output = _captured(data.endpoint_output, "OUTPUT")
        self.batch_transform_output = _captured(data.batch_transform_output)
        self.ground_truth = _captured(record.ground_truth_data)
        self.event_metadata = EventMetadata(
            event_id=event.event_id,
            event_time=None if event.inference_time is None else format_time(event.inference_time),
            custom_attribute=list(event.custom_attributes) or None,
            inference_id=event.inference_id,
        )
        self.event_dict = as_document(record, record.ground_truth_data)

    def as_dict(self) -> dict[str, Any]:
        """Return the record as it stands in its file."""
        return self.event_dict

    def __repr__(self) -> str:
        return f"InferenceRecord({self.event_dict})"


def _captured(side: Payload | None, mode: str | None = None) -> CapturedData | None:
    return None if side is None else CapturedData(side.encoding, side.data, side.content_type, mode)
