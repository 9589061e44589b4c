from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import pytest

from monitoring_core.dataset import Batch, column_from_texts


class Table(Protocol):
    def __call__(self, **columns: Iterable[object]) -> Batch: ...


@pytest.fixture
def table() -> Table:
    """Make a batch of columns; values are spelled as str() does, None is missing."""

    def make(**columns: Iterable[object]) -> Batch:
        spelled = {name: [None if v is None else str(v) for v in values] for name, values in columns.items()}
        return Batch({name: column_from_texts(texts) for name, texts in spelled.items()})

    return make
