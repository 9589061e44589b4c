"""Statistics of texts: each turns texts into one value per text."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from functools import lru_cache
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")

_SCRIPTS: Final = (
    # First code point, name; each reaches to the next one. Only letters are looked up.
    (0x0041, "latin"),
    (0x0370, "greek"),
    (0x0400, "cyrillic"),
    (0x0530, "armenian"),
    (0x0590, "hebrew"),
    (0x0600, "arabic"),
    (0x0700, "other"),
    (0x0900, "devanagari"),
    (0x0980, "other-indic"),
    (0x0E00, "thai"),
    (0x0E80, "other"),
    (0x10A0, "georgian"),
    (0x1100, "hangul"),
    (0x1200, "ethiopic"),
    (0x13A0, "other"),
    (0x1D00, "latin"),
    (0x1F00, "greek"),
    (0x2000, "other"),
    (0x2C60, "latin"),
    (0x2C80, "other"),
    (0x3040, "hiragana"),
    (0x30A0, "katakana"),
    (0x3100, "other"),
    (0x3130, "hangul"),
    (0x3190, "other"),
    (0x3400, "han"),
    (0xA000, "other"),
    (0xA720, "latin"),
    (0xA800, "other"),
    (0xAC00, "hangul"),
    (0xD7FC, "other"),
    (0xF900, "han"),
    (0xFB00, "latin"),
    (0xFB10, "other"),
    (0xFB1D, "hebrew"),
    (0xFB50, "arabic"),
    (0xFF00, "other"),
    (0xFF21, "latin"),
    (0xFF66, "katakana"),
    (0xFFA0, "hangul"),
    (0xFFDD, "other"),
    (0x20000, "han"),
    (0x323B0, "other"),
)
_STARTS: Final = [start for start, _ in _SCRIPTS]
_PRINTABLE_CONTROLS: Final = frozenset("\t\n\r")


def words(text: str) -> list[str]:
    """Return the words of a text in lower case: runs of letters and digits.

    Examples
    --------
    >>> words("Don't panic, flight UA-12!")
    ["don't", 'panic', 'flight', 'ua', '12']
    """
    return [word.lower() for word in _WORD.findall(text)]


def unprintable_share(text: str) -> float:
    r"""Return the share of characters that cannot be printed: control, private, unassigned, replacement.

    Tabulators and line ends are fine.

    Returns
    -------
    float
        In [0, 1]; 0 for the empty text.

    Examples
    --------
    >>> unprintable_share("ab\x00\ufffd"), unprintable_share("tab\tand line\n")
    (0.5, 0.0)
    """
    if text.isprintable() and "\ufffd" not in text:
        return 0.0
    return sum(map(_is_unprintable, text)) / len(text) if text else 0.0


def script(text: str) -> str:
    """Return the script that most letters of a text are of; ``none`` without letters.

    Examples
    --------
    >>> [script(text) for text in ("flight late", "рейс", "便が遅れる", "123")]
    ['latin', 'cyrillic', 'hiragana', 'none']
    """
    counts = Counter(found for character in text if (found := _script_of(character)))
    return min(counts, key=lambda name: (-counts[name], name)) if counts else "none"


@lru_cache(maxsize=65_536)
def _script_of(character: str) -> str:
    if not character.isalpha():
        return ""
    place = bisect_right(_STARTS, ord(character))
    return _SCRIPTS[place - 1][1] if place else "other"


@lru_cache(maxsize=65_536)
def _is_unprintable(character: str) -> bool:
    if character in _PRINTABLE_CONTROLS:
        return False
    return character == "\ufffd" or unicodedata.category(character) in {"Cc", "Co", "Cn", "Cs"}
