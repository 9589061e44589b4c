"""Settings of ledger."""

from __future__ import annotations

from functions.common.settings import Settings


class LedgerSettings(Settings):
    """See docs/functions.md."""

    bucket: str
    endpoint: str
