"""Version of the software, as reports and the history table name it."""

from __future__ import annotations

from typing import Final

VERSION: Final = "0.1.0"
"""The same as in pyproject.toml; a deployed function has no package metadata to ask."""
