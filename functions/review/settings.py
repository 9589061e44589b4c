"""Settings of review."""

from __future__ import annotations

from pydantic import Json

from functions.common.contract import Prefix
from functions.common.settings import Settings
from functions.review.selection import Selection


class ReviewSettings(Settings):
    """See docs/functions.md."""

    bucket: str
    endpoint: str
    capture_prefix: Prefix
    queue_url: str
    selection: Json[Selection]
