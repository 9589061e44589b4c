"""Joined rows: what a batch transform writes when its input stands beside its answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from monitoring_core.dataset.json_rows import Row, decode_json, rows_of
from monitoring_core.dataset.payload import Payload, decode
from monitoring_core.dataset.quarantine import Reason, UnreadableRecordError

ANSWER_KEY: Final = "SageMakerOutput"
"""Where JSON has the answer beside the keys of the input (contract 1.6)."""

_Side = Sequence[Row | None]


def split_joined(payload: Payload, n_outputs: int) -> tuple[_Side, _Side]:
    r"""Return answer rows and input rows of one body.

    Parameters
    ----------
    payload : Payload
        CSV, with the answer's columns at the end, or JSON.
    n_outputs : int
        How many columns at the end of a CSV row are the answer. With 0, or in a shorter row, all are.

    Raises
    ------
    UnreadableRecordError
        If the body cannot be read, or answer and input have different numbers of rows.

    Examples
    --------
    >>> split_joined(Payload("41,2,0.07", "CSV"), 1)
    ([Row(values=['0.07'], names=None)], [Row(values=['41', '2'], names=None)])
    >>> split_joined(Payload('{"SageMakerOutput": {"score": 0.07}, "features": [41, 2]}', "JSON"), 1)[0]
    [Row(values=['0.07'], names=('score',))]
    """
    if payload.encoding == "JSON":
        document = decode_json(payload.data)
        if isinstance(document, dict) and ANSWER_KEY in document:
            return _split_document(document)
    rows = decode(payload).rows
    if not n_outputs or any(row.names or len(row.values) <= n_outputs for row in rows):
        return rows, [None] * len(rows)
    return [Row(row.values[-n_outputs:]) for row in rows], [Row(row.values[:-n_outputs]) for row in rows]


def _split_document(document: dict[str, Any]) -> tuple[_Side, _Side]:
    outputs = rows_of(document[ANSWER_KEY])
    rest = {key: value for key, value in document.items() if key != ANSWER_KEY}
    inputs: _Side = rows_of(rest) if rest else [None] * len(outputs)
    if len(inputs) != len(outputs):
        raise UnreadableRecordError(Reason.ROWS_DIFFER, f"input {len(inputs)}, output {len(outputs)}")
    return outputs, inputs
