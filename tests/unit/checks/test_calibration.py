from __future__ import annotations

import numpy as np

from monitoring_core.checks.calibration import by_subject, calibrated_floor, calibrated_limit
from monitoring_core.checks.evaluation import Measurement, Subject


def test_a_new_exchangeable_window_rarely_exceeds_the_limit() -> None:
    random = np.random.default_rng(0)
    windows, trials = 19, 4000
    exceeded = sum(
        d[-1] > calibrated_limit(0.0, d[:-1]) for d in random.exponential(size=(trials, windows + 1)).tolist()
    )

    assert exceeded / trials < 1 / (windows + 1) + 0.015


def test_no_window_leaves_the_threshold_alone() -> None:
    assert calibrated_limit(0.1, []) == 0.1
    assert calibrated_floor(1.0, [float("nan")]) == 1.0


def test_windows_with_too_few_rows_do_not_count() -> None:
    age = Subject("age")
    windows = [[Measurement("distance", 0.9, 3, age)], [Measurement("distance", 0.2, 300, age)]]

    assert by_subject(windows, "distance", min_n=100) == {age: [0.2]}
