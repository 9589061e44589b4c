"""A measure of the business, as a user would write one."""

from __future__ import annotations

from monitoring_core.checks.evaluation import Bound
from monitoring_core.monitors.kpi import Kpi


def make() -> Kpi:
    return Kpi(
        "revenue",
        count=lambda batch: {"paid": float(batch["number"].numbers.sum())},
        compute=lambda sums: {"per_row": sums["paid"] / sums.rows},
        limits={"per_row": Bound(lower=-0.5)},
    )
