"""JSON as Amazon's analyzer writes it: doubles keep their point, what is not finite is a word."""

from __future__ import annotations

import math
from typing import Any

import msgspec

_WORDS = {math.inf: "Infinity", -math.inf: "-Infinity"}


def number(value: float) -> float | str:
    """Return a double as it stands in the file.

    Examples
    --------
    >>> number(2), number(float("-inf")), number(float("nan"))
    (2.0, '-Infinity', 'NaN')
    """
    return float(value) if math.isfinite(value) else _WORDS.get(value, "NaN")


def encode(document: Any) -> bytes:
    r"""Encode with two blanks of indentation and a final line end.

    Examples
    --------
    >>> encode({"version": 0.0})
    b'{\n  "version": 0.0\n}\n'
    """
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
