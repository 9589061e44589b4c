"""States as bytes: what one process hands over to another."""

from __future__ import annotations

from typing import Any, Final, Literal, TypeVar

import msgspec

from monitoring_core.errors import DataError, IncompatibleStatesError
from monitoring_core.monitors.segments import StoredState

VERSION: Final = 1
"""Goes up whenever any state is written in another way."""

_ADVICE: Final = "fold the window again, with the same version and configuration everywhere"

S = TypeVar("S", bound=StoredState)


class _Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: Literal["watchkeeper-state"]
    version: int
    monitor: str
    state: dict[str, Any]


_decode = msgspec.msgpack.Decoder(_Body).decode
_encode = msgspec.msgpack.Encoder().encode


def dump_state(monitor: str, state: StoredState) -> bytes:
    """Write a state of the monitor with this name.

    Keys keep their order, since files show columns and facets in the order in which they first appeared.

    Raises
    ------
    DataError
        If `to_dict` of the state returns something else than plain values.
    """
    try:
        return _encode(_Body("watchkeeper-state", VERSION, monitor, state.to_dict()))
    except (TypeError, OverflowError, ValueError) as error:
        raise DataError(
            f"a state of monitor {monitor!r} cannot be stored: {error}; let to_dict return plain values with integers "
            "of at most 64 bits"
        ) from error


def load_state(monitor: str, body: bytes, empty: S) -> S:
    """Read a state of the monitor with this name.

    Raises
    ------
    IncompatibleStatesError
        If it is something else.

    Examples
    --------
    >>> from monitoring_core.stats.sums import Sums
    >>> load_state("kpi", dump_state("kpi", Sums(2, {"paid": 3.5})), Sums())
    Sums(rows=2, totals={'paid': 3.5})
    """
    try:
        read = _decode(body)
    except msgspec.MsgspecError as error:
        raise IncompatibleStatesError(
            "these bytes are no state", expected=f"format version {VERSION}", got=str(error), advice=_ADVICE
        ) from None
    found = (read.monitor, read.version)
    if found != (monitor, VERSION):
        raise IncompatibleStatesError(
            "a state is of another monitor or was written by another version",
            expected=f"{monitor!r} in version {VERSION}",
            got=f"{read.monitor!r} in version {read.version}",
            advice=_ADVICE,
        )
    try:
        return empty.from_dict(read.state)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise IncompatibleStatesError(
            f"a state of monitor {monitor!r} cannot be read",
            expected="what this version writes",
            got=repr(error),
            advice=_ADVICE,
        ) from error
