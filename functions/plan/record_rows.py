"""How many rows a captured record holds, near enough for an estimate: what cannot be read is one row.

The engines read records by `monitoring_core.dataset`, which needs more than a light function has.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, Final

_SIDES: Final = ("endpointInput", "endpointOutput", "batchTransformOutput")
_ROW_LISTS: Final = ("instances", "predictions")


def rows_in(line: bytes) -> int:
    r"""Return how many rows a line of a captured object holds; of another line than a captured record, one.

    Examples
    --------
    >>> rows_in(b'{"captureData": {"endpointInput": {"data": "1,2\\n3,4\\n", "encoding": "CSV"}}}')
    2
    >>> rows_in(b'{"captureData": {"endpointInput": {"data": "[[1], [2], [3]]", "encoding": "JSON"}}}')
    3
    >>> rows_in(b"1,2")
    1
    """
    try:
        captured = json.loads(line)["captureData"]
        payload = next(captured[side] for side in _SIDES if captured.get(side))
        return max(1, _rows_in_text(_text(payload), payload["encoding"]))
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration):
        return 1


def _text(payload: dict[str, Any]) -> str:
    if payload["encoding"] != "BASE64":
        return str(payload["data"])
    try:
        return base64.b64decode(payload["data"], validate=True).decode("utf-8-sig")
    except binascii.Error:
        return ""


def _rows_in_text(text: str, encoding: str) -> int:
    lines = sum(not line.isspace() for line in text.splitlines() if line)
    is_json = encoding == "JSON" or (encoding == "BASE64" and text.lstrip()[:1] in ("{", "["))
    if not is_json:
        return lines
    try:
        return _rows_in_document(json.loads(text))
    except ValueError:  # a document a line
        return lines


def _rows_in_document(document: Any) -> int:
    if isinstance(document, dict):
        for key in _ROW_LISTS:
            if isinstance(document.get(key), list):
                return len(document[key])
        if len(document) != 1:
            return 1
        (document,) = document.values()
    if isinstance(document, list) and all(isinstance(element, list | dict) for element in document):
        return len(document)
    return 1
