from __future__ import annotations

import numpy as np
import pytest

from monitoring_core.errors import IncompatibleStatesError
from monitoring_core.stats.histogram import Histogram


def test_histograms_on_other_edges_do_not_merge() -> None:
    one, two = (Histogram.of(np.empty(0), np.array(edges)) for edges in ([1.0], [2.0]))

    with pytest.raises(IncompatibleStatesError, match="different edges"):
        one.merge(two)


def test_a_binary_column_is_counted_on_both_sides_of_its_edges() -> None:
    values = np.array([0.0] * 7 + [1.0] * 3)

    histogram = Histogram.of(values, np.array([0.0, 1.0]))

    assert histogram.below.tolist() == [0, 7]
    assert histogram.through.tolist() == [7, 10]
