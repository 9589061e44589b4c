"""Layout: which columns the values of a captured row belong to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from monitoring_core.dataset.json_rows import Row
from monitoring_core.spec import SchemaSpec

_ABSENT: Final = -1
_MAX_REMEMBERED: Final = 1000

_Labels = tuple[str, ...]
"""The JSON path of each value of a side; empty for a value that has only a position."""


class Layout(NamedTuple):
    """Names of a row's columns, and where in ``output values + input values`` each is.

    Attributes
    ----------
    names : tuple of str
        The columns.
    positions : tuple of int
        Where the value of each column is; -1 where it is absent.
    in_order : bool
        Whether the values already stand in the order of `names`.
    alignment : tuple or None
        What rows must have in common to stand in one data set, because nothing but their position
        aligns them; None if every column is where the schema says, or has a key of its own.
    """

    names: tuple[str, ...]
    positions: tuple[int, ...]
    in_order: bool
    alignment: tuple[object, ...] | None

    def arrange(self, values: Sequence[str | None]) -> Sequence[str | None]:
        """Return `values` in the order of `names`, None where absent."""
        if self.in_order:
            return values
        return [None if position == _ABSENT else values[position] for position in self.positions]


class LayoutBook:
    """Finds the layout of a row, and remembers it for rows of the same shape.

    Output columns come before input columns (contract 1.7). A side with JSON keys that the schema
    knows is read by name: a key that is not there is a missing value. Any other side is read by
    position. Values beyond the schema are named by their JSON path, or ``_c<position>``.

    Parameters
    ----------
    columns : SchemaSpec
        `features` without `outputs` name output and input values together.

    Examples
    --------
    >>> book = LayoutBook(SchemaSpec(outputs=("score",), features=("a", "b")))
    >>> book.find(Row(["0.5"]), Row(["1", "2", "3"])).names
    ('score', 'a', 'b', '_c3')
    >>> layout = book.find(None, Row(["2"], ("b",)))
    >>> layout.names, layout.arrange(["2"])
    (('a', 'b'), [None, '2'])
    """

    def __init__(self, columns: SchemaSpec) -> None:
        self._outputs, self._features = columns.outputs, columns.features
        self._known: dict[tuple[object, ...], Layout] = {}

    def find(self, output: Row | None, request: Row | None) -> Layout:
        """Return the layout of an output row beside an input row; either may be absent."""
        key = (_shape(output), _shape(request))
        layout = self._known.get(key)
        if layout is None:
            if len(self._known) >= _MAX_REMEMBERED:  # rows with keys of their own must not fill the memory
                self._known.clear()
            layout = self._known[key] = self._make(_labels(output), _labels(request))
        return layout

    def output_names(self, layout: Layout, output: Row | None) -> frozenset[str]:
        """Return the columns of `layout` that come from the answer."""
        width = len(output.values) if output else 0
        pairs = zip(layout.names, layout.positions, strict=True)
        return frozenset(name for name, at in pairs if (name in self._outputs if at == _ABSENT else at < width))

    def _make(self, output: _Labels, request: _Labels) -> Layout:
        columns: dict[str, int] = {}
        if self._outputs:
            _place(columns, output, self._outputs, start=0)
            _place(columns, request, self._features, start=len(output))
        else:
            _place(columns, output + request, self._features, start=0)
        positions = tuple(columns.values())
        in_order = positions == tuple(range(len(output) + len(request)))
        return Layout(tuple(columns), positions, in_order, self._alignment(tuple(columns), output, request))

    def _alignment(self, columns: tuple[str, ...], output: _Labels, request: _Labels) -> tuple[object, ...] | None:
        if not (self._outputs or self._features):
            unlabelled = (output.count(""), request.count(""))
            return unlabelled if any(unlabelled) else None
        expected = (self._outputs if output else ()) + (self._features if request or not self._outputs else ())
        return None if set(columns) == set(expected) else columns


def join_sides(output: Row | None, request: Row | None) -> list[str | None]:
    """Return the values of a captured row as `Layout.arrange` expects them."""
    return [*(output.values if output else ()), *(request.values if request else ())]


def _shape(row: Row | None) -> object:
    return None if row is None else (len(row.values), row.names)


def _labels(row: Row | None) -> _Labels:
    if row is None:
        return ()
    if row.names is None:
        return ("",) * len(row.values)
    return tuple("" if name.replace("_", "").isdigit() else name for name in row.names)


def _place(columns: dict[str, int], labels: _Labels, names: tuple[str, ...], *, start: int) -> None:
    """Add the columns of one side, whose values begin at `start`, to `columns`."""
    if not labels:
        return
    by_label = {label: start + index for index, label in enumerate(labels) if label}
    known = [name for name in names if name in by_label]
    rest = [start + index for index, label in enumerate(labels) if not (label and label in known)]
    if known:
        unlabelled = iter([position for position in rest if not labels[position - start]])
        for name in names:
            columns[name] = by_label[name] if name in by_label else next(unlabelled, _ABSENT)
        rest = [position for position in rest if position not in columns.values()]
    else:
        columns.update(zip(names, rest, strict=False))
        rest = rest[len(names) :]
    for position in rest:
        columns[_free_name(columns, labels[position - start], position)] = position


def _free_name(columns: dict[str, int], label: str, position: int) -> str:
    name = label or f"_c{position}"
    while name in columns:  # an output and an input may have the same key
        name = f"{name}_c{position}"
    return name
