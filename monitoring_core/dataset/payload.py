"""Payloads: the body of a request or an answer, decoded to rows."""

from __future__ import annotations

import base64
import binascii
import csv
import io
from typing import Any, Final

import msgspec

from monitoring_core.dataset.json_rows import (
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_VALUES,
    Row,
    decode_json_lines,
    flatten,
    rows_of,
)
from monitoring_core.dataset.quarantine import Reason, UnreadableRecordError

MAX_PAYLOAD_BYTES: Final = 25 << 20
"""Largest accepted payload; a real-time endpoint takes requests of 6 MB, or 25 MB since 2025."""

_CSV_TYPES = frozenset({"text/csv", "application/csv", "text/plain"})
_JSON_TYPES = frozenset(
    {f"application/{name}" for name in ("json", "jsonlines", "x-jsonlines", "jsonl", "x-jsonl", "x-ndjson")}
)


class Payload(msgspec.Struct, frozen=True, gc=False, rename={"content_type": "observedContentType"}):
    """One side of a captured event, or the labels of a ground truth record."""

    data: str
    encoding: str
    content_type: str | None = None
    mode: Any = None


class DecodedPayload(msgspec.Struct, frozen=True):
    """The rows of one payload.

    Attributes
    ----------
    rows : list of Row
        As the payload most naturally reads.
    documents : list
        The JSON documents the rows come from; empty for CSV.
    """

    rows: list[Row]
    documents: list[object] = []

    def as_answers_to(self, n_rows: int) -> list[Row]:
        """Return one row per request row.

        An answer may also list its scalars one per row (``0.5,0.6``, ``[0.5, 0.6]``), and the answer
        to a single row may be a list of anything.

        Raises
        ------
        UnreadableRecordError
            If no reading has `n_rows` rows; rows are never paired by guess.
        """
        if len(self.rows) == n_rows:
            return self.rows
        if len(self.rows) == 1 and len(self.rows[0].values) == n_rows:
            return [Row([value]) for value in self.rows[0].values]
        if n_rows == 1 and len(self.documents) == 1:
            return [flatten(self.documents[0])]
        raise UnreadableRecordError(Reason.ROWS_DIFFER, f"input {n_rows}, output {len(self.rows)}")


def decode(payload: Payload) -> DecodedPayload:
    r"""Decode a payload by its encoding, and BASE64 by its content type.

    Raises
    ------
    UnreadableRecordError
        With the reason.

    Examples
    --------
    >>> decode(Payload("1,2\n3,4\n", "CSV")).rows
    [Row(values=['1', '2'], names=None), Row(values=['3', '4'], names=None)]
    >>> decode(Payload("eyJhIjogMS41MH0=", "BASE64", "application/json; charset=utf-8")).rows
    [Row(values=['1.50'], names=('a',))]
    """
    if len(payload.data) > MAX_PAYLOAD_BYTES:
        raise UnreadableRecordError(Reason.TOO_LARGE, f"a payload may have {MAX_PAYLOAD_BYTES} bytes")
    if payload.encoding == "CSV":
        return _decode_csv(payload.data)
    if payload.encoding == "JSON":
        return _decode_json(payload.data)
    if payload.encoding == "BASE64":
        return _decode_base64(payload)
    raise UnreadableRecordError(Reason.UNKNOWN_ENCODING, repr(payload.encoding[:50]))


def _decode_base64(payload: Payload) -> DecodedPayload:
    try:
        text = base64.b64decode(payload.data, validate=True).decode("utf-8-sig")
    except (binascii.Error, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise UnreadableRecordError(Reason.UNREADABLE_CONTENT_TYPE, _named(payload)) from error
        raise UnreadableRecordError(Reason.PAYLOAD_NOT_BASE64, str(error)) from error
    kind = (payload.content_type or "").partition(";")[0].strip().lower()
    if kind in _CSV_TYPES:
        return _decode_csv(text)
    if kind in _JSON_TYPES:
        return _decode_json(text)
    if not kind:
        return _decode_json(text) if text.lstrip()[:1] in ("{", "[") else _decode_csv(text)
    raise UnreadableRecordError(Reason.UNREADABLE_CONTENT_TYPE, _named(payload))


def _named(payload: Payload) -> str:
    return f"{payload.content_type!r}; read are CSV and JSON"


def _decode_json(text: str) -> DecodedPayload:
    if not text.strip():
        raise UnreadableRecordError(Reason.PAYLOAD_EMPTY)
    documents = decode_json_lines(text)
    rows = rows_of(documents[0]) if len(documents) == 1 else [flatten(document) for document in documents]
    if not rows:
        raise UnreadableRecordError(Reason.PAYLOAD_EMPTY)
    return DecodedPayload(rows, documents)


def _decode_csv(text: str) -> DecodedPayload:
    if "\0" in text:
        raise UnreadableRecordError(Reason.NUL)
    if text.count(",") > MAX_VALUES or text.count("\n") > MAX_ROWS:
        raise UnreadableRecordError(Reason.TOO_LARGE, f"a payload may have {MAX_VALUES} values in {MAX_ROWS} rows")
    rows = [Row(fields) for fields in split_csv(text)]
    if not rows:
        raise UnreadableRecordError(Reason.PAYLOAD_EMPTY)
    if max(len(row.values) for row in rows) > MAX_COLUMNS:
        raise UnreadableRecordError(Reason.TOO_MANY_COLUMNS, f"a row may have {MAX_COLUMNS}")
    return DecodedPayload(rows)


def split_csv(text: str) -> list[list[str]]:
    r"""Split CSV text into rows of fields; blank lines are left out.

    Raises
    ------
    UnreadableRecordError
        If quotes do not match.

    Examples
    --------
    >>> split_csv('1,"a,""b",\r\n2,c,3\n')
    [['1', 'a,"b', ''], ['2', 'c', '3']]
    """
    if '"' not in text and "\r" not in text:
        return [line.split(",") for line in text.split("\n") if line]
    try:
        return [fields for fields in csv.reader(io.StringIO(text, newline=""), strict=True) if fields]
    except csv.Error as error:
        raise UnreadableRecordError(Reason.PAYLOAD_NOT_CSV, str(error)) from error
