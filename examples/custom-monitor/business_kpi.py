"""What the decisions of a churn model are worth: return on investment with the model, and without it."""

import math

import numpy as np

from monitoring_core.checks.evaluation import Bound
from monitoring_core.dataset import Batch
from monitoring_core.monitors.kpi import Kpi
from monitoring_core.stats.sums import Sums


def make(worth: float, call: float, model: float) -> Kpi:
    """Make the monitor: customers predicted to leave get a call; without the model everybody would.

    In dollars: what a leaving customer is worth who got a call, what a call costs, and the model in one window.
    """

    def count(batch: Batch) -> dict[str, float]:
        called, leaving = batch["called"].numbers == 1, batch["leaving"].numbers == 1
        known = ~np.isnan(batch["leaving"].numbers)  # customers whose outcome is not known yet do not count
        rows = {"known": known, "called": called & known, "leaving": leaving, "kept": called & leaving}
        return {name: float(np.count_nonzero(chosen)) for name, chosen in rows.items()}

    def roi(kept: float, spent: float) -> float:
        return kept * worth / spent - 1 if spent else math.nan

    def compute(sums: Sums) -> dict[str, float]:
        with_model = roi(sums["kept"], sums["called"] * call + model)
        without = roi(sums["leaving"], sums["known"] * call)
        return {"roi": with_model, "roi_without_model": without, "roi_gain": with_model - without}

    return Kpi("retention-calls", count, compute, limits={"roi_gain": Bound(lower=0.0)}, min_rows=100)
