"""Settings of card."""

from __future__ import annotations

from pydantic import Json

from functions.common.settings import Settings


class CardSettings(Settings):
    """See docs/functions.md."""

    model_card: str
    monitors: Json[tuple[str, ...]]
    endpoint: str = ""
    variant: str = ""
