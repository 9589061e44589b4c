"""The exit message of a container: why its job failed, or what it did."""

from __future__ import annotations

from pathlib import Path
from typing import Final

FAILED: Final = 255
"""Exit code of a container that failed."""
MAX_MESSAGE_BYTES: Final = 1024
"""What the platform takes as the job's exit message."""


def leave(path: Path, message: str) -> None:
    """Write the message where the platform looks for it, ``/opt/ml/output/message``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cut = message.encode()[:MAX_MESSAGE_BYTES].decode(errors="ignore")  # no half of a character
    path.write_text(cut, encoding="utf-8")
