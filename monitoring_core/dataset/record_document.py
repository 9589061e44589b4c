"""Records as JSON documents: the form in which Amazon writes what was captured."""

from __future__ import annotations

from typing import Any

from monitoring_core.dataset.capture_record import CaptureRecord, EventMetadata
from monitoring_core.dataset.payload import Payload
from monitoring_core.window import format_time


def as_document(record: CaptureRecord, label: Payload | None = None) -> dict[str, Any]:
    """Return a record with Amazon's keys, in the order of a merged record where it has a label.

    Examples
    --------
    >>> from monitoring_core.dataset.capture_record import CaptureData
    >>> record = CaptureRecord(CaptureData(batch_transform_output=Payload("0.5", "CSV")), EventMetadata("c57f"))
    >>> document = as_document(record, Payload("1", "CSV"))
    >>> list(document), document["captureData"]
    (['eventMetadata', 'eventVersion', 'groundTruthData', 'captureData'], \
{'batchTransformOutput': {'data': '0.5', 'encoding': 'CSV'}})
    """
    data = record.capture_data
    truth = {} if label is None else {"groundTruthData": _side(label)}
    if data.batch_transform_output is not None:
        captured = {"batchTransformOutput": _side(data.batch_transform_output)}
        event = {"eventId": record.event_metadata.join_id}
        return {"eventMetadata": event, "eventVersion": "0"} | truth | {"captureData": captured}
    sides = (("endpointInput", "INPUT", data.endpoint_input), ("endpointOutput", "OUTPUT", data.endpoint_output))
    captured = {name: _captured_side(side, mode) for name, mode, side in sides if side is not None}
    metadata = _metadata(record.event_metadata)
    return {"eventVersion": "0"} | truth | {"captureData": captured, "eventMetadata": metadata}


def _side(payload: Payload) -> dict[str, str]:
    return {"data": payload.data, "encoding": payload.encoding}


def _captured_side(payload: Payload, mode: str) -> dict[str, str]:
    kind = {} if payload.content_type is None else {"observedContentType": payload.content_type}
    return _side(payload) | {"mode": mode} | kind


def _metadata(event: EventMetadata) -> dict[str, Any]:
    times = {} if event.inference_time is None else {"inferenceTime": format_time(event.inference_time)}
    ids = {"eventId": event.event_id} | ({} if event.inference_id is None else {"inferenceId": event.inference_id})
    attributes = {"customAttributes": list(event.custom_attributes)} if event.custom_attributes else {}
    return attributes | ids | times
