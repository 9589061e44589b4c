"""The year's flights, read once."""

from __future__ import annotations

import pandas as pd
import pytest

from examples.flights.data import load_flights


@pytest.fixture(scope="session")
def flights() -> pd.DataFrame:
    return load_flights()
