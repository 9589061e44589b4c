"""Statistics in Amazon's shape, made from plain values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike

from monitoring_core.checks.evaluation import Bound, Constraint, Evaluation, Measurement, Subject, check_all
from monitoring_core.report.run_view import RunReport
from monitoring_core.window import Window


def numeric(name: str, values: ArrayLike, *, missing: int = 0, sketch: bool = True) -> dict[str, Any]:
    numbers = np.asarray(values, float)
    counts, edges = np.histogram(numbers, 10)
    buckets = [
        {"lower_bound": float(low), "upper_bound": float(high), "count": float(n)}
        for low, high, n in zip(edges[:-1], edges[1:], counts, strict=True)
    ]
    kll: dict[str, Any] = {"buckets": buckets}
    if sketch:
        kll["sketch"] = {"parameters": {"c": 0.64, "k": 2048.0}, "data": [numbers.tolist()]}
    return {
        "name": name,
        "inferred_type": "Fractional",
        "numerical_statistics": {
            "common": {"num_present": len(numbers), "num_missing": missing},
            "mean": float(numbers.mean()),
            "sum": float(numbers.sum()),
            "std_dev": float(numbers.std()),
            "min": float(numbers.min()),
            "max": float(numbers.max()),
            "distribution": {"kll": kll},
        },
    }


def text(name: str, values: Sequence[str]) -> dict[str, Any]:
    buckets = [{"value": value, "count": n} for value, n in Counter(values).most_common()]
    statistics = {
        "common": {"num_present": len(values), "num_missing": 0},
        "distinct_count": float(len(buckets)),
        "distribution": {"categorical": {"buckets": buckets}},
    }
    return {"name": name, "inferred_type": "String", "string_statistics": statistics}


def statistics(*features: dict[str, Any]) -> dict[str, Any]:
    return {"version": 0.0, "dataset": {"item_count": 900}, "features": list(features)}


def drift(feature: str, value: float, limit: float, n: int = 900) -> tuple[Measurement, Constraint]:
    subject = Subject(feature)
    constraint = Constraint("linf_robust", Bound(upper=limit), subject, min_n=100, check_type="baseline_drift_check")
    return Measurement("linf_robust", value, n, subject), constraint


def evaluation(*pairs: tuple[Measurement, Constraint], n: int = 900) -> Evaluation:
    return check_all("data-quality", n, [m for m, _ in pairs], [c for _, c in pairs])


WINDOW = Window(datetime(2013, 7, 1, tzinfo=UTC), datetime(2013, 7, 2, tzinfo=UTC))


def run_report(**changes: Any) -> RunReport:
    rng = np.random.default_rng(7)
    values: dict[str, Any] = {
        "endpoint": "flights-prod",
        "monitor": "data-quality",
        "window": WINDOW,
        "run_id": "flights-prod/data-quality/20130701T000000Z_20130702T000000Z",
        "baseline_id": "8b1a9953c4611296",
        "baseline_created_at": datetime(2013, 4, 1, tzinfo=UTC),
        "engine": "function",
        "baseline_statistics": statistics(
            numeric("temp", rng.normal(45, 15, 2000)),
            numeric("distance", rng.gamma(2, 500, 2000)),
            text("carrier", rng.choice(["UA", "B6", "EV", "DL"], 2000, p=[0.3, 0.3, 0.25, 0.15]).tolist()),
        ),
        "statistics": statistics(
            numeric("temp", rng.normal(26, 5, 890), missing=10),
            numeric("distance", rng.gamma(2, 510, 900)),
            text("carrier", rng.choice(["UA", "B6", "EV", "DL"], 900, p=[0.28, 0.32, 0.24, 0.16]).tolist()),
        ),
        "evaluation": evaluation(
            drift("distance", 0.03, 0.1), drift("temp", 0.91, 0.65, 890), drift("carrier", 0.02, 0.1, 20)
        ),
    }
    return RunReport(**(values | changes))


@pytest.fixture
def make_report() -> Callable[..., RunReport]:
    return run_report


@pytest.fixture
def make_evaluation() -> Callable[..., Evaluation]:
    """Evaluation of drift checks, each given as feature, value, limit and optionally rows."""
    return lambda *rows, n=900: evaluation(*(drift(*row) for row in rows), n=n)
