"""Doubles as Java and Scala print them: Amazon's sentences hold them, and other people's code parses those."""

from __future__ import annotations

import math
from typing import Final

_PLAIN_FROM: Final = 1e-3
_PLAIN_BELOW: Final = 1e7


def java_double(value: float) -> str:
    """Spell a double as Java and Scala do.

    Examples
    --------
    >>> java_double(0.000509), java_double(100.0), java_double(12345678.0), java_double(float("inf"))
    ('5.09E-4', '100.0', '1.2345678E7', 'Infinity')
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 or _PLAIN_FROM <= abs(value) < _PLAIN_BELOW:
        return repr(float(value))
    digits, _, exponent = f"{float(value)!r}".partition("e")
    if not exponent:  # Python spells it plainly: shift the point
        sign, plain = ("-", digits[1:]) if value < 0 else ("", digits)
        whole, _, fraction = plain.partition(".")
        significant = (whole + fraction).strip("0") or "0"
        shift = len(whole) - 1 if whole != "0" else -(len(fraction) - len(fraction.lstrip("0")) + 1)
        return f"{sign}{significant[0]}.{significant[1:] or '0'}E{shift}"
    return f"{digits if '.' in digits else digits + '.0'}E{int(exponent)}"
