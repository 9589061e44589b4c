"""JSON documents as rows: every leaf is a value, named by its path."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from monitoring_core.dataset.lines import check_keys
from monitoring_core.dataset.quarantine import Reason, UnreadableRecordError

MAX_DEPTH: Final = 64
MAX_COLUMNS: Final = 100_000
MAX_VALUES: Final = 4_000_000
"""Values in one payload: 6 MB of one-digit numbers have three million."""
MAX_ROWS: Final = 500_000
"""Rows in one payload: 6 MB of rows of twelve characters."""

ROW_LISTS: Final = ("instances", "predictions")
"""Keys whose list holds one element per row, as model servers agree on."""

_CONTAINERS: Final = frozenset({dict, list})
_KEY_END = re.compile(r'"\s*:')
_decoder = msgspec.json.Decoder(float_hook=str)  # numbers keep their text: types are inferred on it


class Row(NamedTuple):
    """Texts of one row; `names` are the paths of JSON leaves, None where values have a position only."""

    values: Sequence[str | None]
    names: tuple[str, ...] | None = None


def decode_json(text: str) -> Any:
    """Decode one JSON document; numbers with a fraction or exponent stay text.

    Raises
    ------
    UnreadableRecordError
        If it is not JSON, has a key twice, is too deep or too large, or holds a NUL character.
    """
    if text.count(",") > MAX_VALUES:
        raise UnreadableRecordError(Reason.TOO_LARGE, f"a payload may have {MAX_VALUES} values")
    try:
        document = _decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise UnreadableRecordError(Reason.PAYLOAD_NOT_JSON, str(error)) from error
    except RecursionError as error:
        raise UnreadableRecordError(Reason.TOO_DEEP) from error
    if _count_keys(document) != len(_KEY_END.findall(text)):
        check_keys(text)
    if "\\u0000" in text and any("\0" in part for part in _strings(document)):
        raise UnreadableRecordError(Reason.NUL)
    return document


def decode_json_lines(text: str) -> list[Any]:
    """Decode one document, or one per line."""
    try:
        return [decode_json(text)]
    except UnreadableRecordError as error:
        lines = [line for line in text.split("\n") if line.strip()]
        if error.reason is not Reason.PAYLOAD_NOT_JSON or len(lines) <= 1:
            raise
        return [decode_json(line) for line in lines]


def rows_of(document: Any) -> list[Row]:
    """Return the rows that a JSON document most naturally holds.

    A list under ``instances`` or ``predictions``, a list of lists or objects, and an object whose only
    value is such a list are one row per element; anything else is a single row.

    Examples
    --------
    >>> [row.values for row in rows_of({"instances": [[1, 2], [3, 4]]})]
    [['1', '2'], ['3', '4']]
    >>> [row.values for row in rows_of({"features": [1, 2]})]
    [['1', '2']]
    """
    elements = _row_list(document)
    if elements is None:
        return [flatten(document)]
    if len(elements) > MAX_ROWS:
        raise UnreadableRecordError(Reason.TOO_LARGE, f"a payload may have {MAX_ROWS} rows")
    return [flatten(element) for element in elements]


def _row_list(document: Any) -> list[Any] | None:
    if isinstance(document, dict):
        for key in ROW_LISTS:
            if isinstance(document.get(key), list):
                return document[key]  # type: ignore[no-any-return]
        if len(document) != 1:
            return None
        (document,) = document.values()
    if isinstance(document, list) and all(isinstance(element, (list, dict)) for element in document):
        return document
    return None


def flatten(document: Any) -> Row:
    """Return the leaves of `document` in document order as one row.

    Examples
    --------
    >>> flatten({"score": "0.9", "features": [1, None, True]})
    Row(values=['0.9', '1', None, 'true'], names=('score', 'features_0', 'features_1', 'features_2'))
    """
    names: list[str] = []
    values: list[str | None] = []
    _collect(document, "", names, values)
    return Row(values, tuple(names))


def _collect(node: Any, path: str, names: list[str], values: list[str | None]) -> None:
    """Append path and text of every leaf; an empty list or object is a missing value."""
    children = _children(node)
    if not children:
        names.append(path)
        values.append(None if children is not None else _text(node))
        return
    if len(names) + len(children) > MAX_COLUMNS:
        raise UnreadableRecordError(Reason.TOO_MANY_COLUMNS, f"a row may have {MAX_COLUMNS}")
    keys = node if isinstance(node, dict) else range(len(node))
    prefix = f"{path}_" if path else ""
    if _are_leaves(children):
        names += [f"{prefix}{key}" for key in keys]
        values += [child if type(child) is str else _text(child) for child in children]
        return
    for key, child in zip(keys, children, strict=True):
        _collect(child, f"{prefix}{key}", names, values)


def _children(node: Any) -> Collection[Any] | None:
    if isinstance(node, dict):
        return node.values()
    return node if isinstance(node, list) else None


def _strings(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    if isinstance(node, dict):
        yield from node
    for child in _children(node) or ():
        yield from _strings(child)


def _are_leaves(nodes: Iterable[Any]) -> bool:
    return _CONTAINERS.isdisjoint(map(type, nodes))


def _text(leaf: Any) -> str | None:
    if leaf is None or isinstance(leaf, str):
        return leaf
    return str(leaf) if type(leaf) is int else str(leaf).lower()


def _count_keys(node: Any, depth: int = 0) -> int:
    """Count the keys of all objects, and refuse a document that is too deep."""
    if depth > MAX_DEPTH:
        raise UnreadableRecordError(Reason.TOO_DEEP, f"{MAX_DEPTH} levels are allowed")
    children = _children(node)
    if children is None:
        return 0
    below = 0 if _are_leaves(children) else sum(_count_keys(child, depth + 1) for child in children)
    return below + (len(node) if isinstance(node, dict) else 0)
