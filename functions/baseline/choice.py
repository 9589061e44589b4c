"""Where a baseline is made: in the function itself or in a processing job, and why. No input or output here."""

from __future__ import annotations

from typing import Final, NamedTuple

from functions.common.contract import Engine, Runtime

_EXPANSION: Final = {".gz": 4, ".parquet": 4}
"""Bytes of text to a stored byte, at least, by the ending of a name."""


class Choice(NamedTuple):
    """The engine, and why it is this one."""

    engine: Engine
    reason: str


def choose(wish: Runtime, dataset: str, size: int, function_bytes: int) -> Choice:
    """Return what makes the baseline of a data set, where both can.

    Parameters
    ----------
    wish : Runtime
        Of the monitor. One that folds its windows with Spark leaves this choice to the size.
    size : int
        Bytes of the data set as stored; compressed, it counts as four times as many.
    function_bytes : int
        The largest data set that the function holds.

    Examples
    --------
    >>> choose(Runtime.AUTO, "s3://b/train.csv", 100, 100).reason
    'function: up to function_bytes (100); 100 bytes of text'
    >>> choose(Runtime.AUTO, "s3://b/train.parquet", 100, 100).reason
    'processing: more than function_bytes (100); 100 bytes, about 400 of text'
    >>> choose(Runtime.PROCESSING, "s3://b/train.csv", 1, 100).reason
    'processing, as the configuration says; 1 bytes of text'
    """
    factor = next((factor for ending, factor in _EXPANSION.items() if dataset.lower().endswith(ending)), 1)
    found = f"{size:,} bytes of text" if factor == 1 else f"{size:,} bytes, about {size * factor:,} of text"
    if wish in {Runtime.FUNCTION, Runtime.PROCESSING}:
        return Choice(Engine(wish), f"{wish}, as the configuration says; {found}")
    limit = f"function_bytes ({function_bytes:,})"
    if size * factor <= function_bytes:
        return Choice(Engine.FUNCTION, f"function: up to {limit}; {found}")
    return Choice(Engine.PROCESSING, f"processing: more than {limit}; {found}")
