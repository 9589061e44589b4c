from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from monitoring_core.dataset import Batch, column_from_texts

Table = Callable[..., Batch]


@pytest.fixture
def table() -> Table:
    """Make a batch of columns; values are spelled as str() does, None is missing."""

    def make(**columns: Sequence[object]) -> Batch:
        spelled = {name: [None if v is None else str(v) for v in values] for name, values in columns.items()}
        return Batch({name: column_from_texts(texts) for name, texts in spelled.items()})

    return make
