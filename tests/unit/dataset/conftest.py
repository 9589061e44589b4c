"""The recorded Amazon data, where it is there."""

from __future__ import annotations

from pathlib import Path

import pytest

CORPUS = Path(__file__).resolve().parents[4] / "shared" / "conformance"


@pytest.fixture
def corpus() -> Path:
    """Return the folder of recorded Amazon data; it is not part of a public clone."""
    if not CORPUS.exists():
        pytest.skip(f"the conformance corpus is not at {CORPUS}")
    return CORPUS
