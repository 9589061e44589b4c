"""What a verification finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was sealed.

    Attributes
    ----------
    kind : str
        What happened to it.
    key : str
        Of the object in the bucket.
    """

    kind: Literal["changed", "missing", "added"]
    key: str
    detail: str
