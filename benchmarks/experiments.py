"""How often experiments err, and how soon they find an effect, when somebody looks after every batch.

`python -m benchmarks.experiments` writes benchmarks/results/experiments.json and .md.
"""

from __future__ import annotations

import math
import platform
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import write
from monitoring_core.experiments.confidence_sequence import Difference, interval
from monitoring_core.experiments.sample_ratio import mismatch_p_value
from monitoring_core.version import VERSION

EXPERIMENTS: Final = 2000
LOOKS: Final = 200
PER_LOOK: Final = 100
MIN_N: Final = 200
ALPHA: Final = 0.05
EFFECTS: Final = (0.03, 0.05, 0.1, 0.2)

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Floats]

DRAWS: Final[dict[str, Draw]] = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "conversion of 5 %": lambda rng, shape: (rng.random(shape) < 0.05).astype(np.float64),  # noqa: PLR2004
    "conversion of 0.5 %": lambda rng, shape: (rng.random(shape) < 0.005).astype(np.float64),  # noqa: PLR2004
    "log-normal": lambda rng, shape: rng.lognormal(0.0, 1.0, size=shape),
}


def looks(rng: np.random.Generator, draw: Draw, effect: float = 0.0) -> Iterator[tuple[int, Floats, Floats]]:
    """Yield values per arm, and estimate and standard error of every experiment, look by look."""
    sums, squares, n = np.zeros((2, EXPERIMENTS)), np.zeros((2, EXPERIMENTS)), 0
    for _ in range(LOOKS):
        values = np.stack([draw(rng, (EXPERIMENTS, PER_LOOK)), draw(rng, (EXPERIMENTS, PER_LOOK)) + effect])
        sums += values.sum(axis=2)
        squares += np.square(values).sum(axis=2)
        n += PER_LOOK
        if n >= MIN_N:
            errors = np.sqrt(((squares - sums**2 / n) / (n - 1) / n).sum(axis=0))
            yield n, (sums[1] - sums[0]) / n, errors


def peek(draw: Draw, effect: float = 0.0, seed: int = 7) -> tuple[Floats, Floats]:
    """Return, for each experiment, the values per arm at which the treatment was first called better, and worse."""
    better, worse = np.full(EXPERIMENTS, np.inf), np.full(EXPERIMENTS, np.inf)
    for n, estimates, errors in looks(np.random.default_rng(seed), draw, effect):
        for i, (estimate, error) in enumerate(zip(estimates.tolist(), errors.tolist(), strict=True)):
            low, high = interval(Difference(estimate, error, 2 * n), alpha=ALPHA)
            if low > 0:
                better[i] = min(better[i], n)
            if high < 0:
                worse[i] = min(worse[i], n)
    return better, worse


def naive(draw: Draw, seed: int = 7) -> float:
    """Return how often the usual 95 % interval, looked at as often, calls the treatment better."""
    ever = np.zeros(EXPERIMENTS, bool)
    for _, estimates, errors in looks(np.random.default_rng(seed), draw):
        ever |= estimates > 1.96 * errors
    return float(ever.mean())


def fixed_n(effect: float) -> int:
    """Return the values per arm with which a single test at the end finds an effect in 80 % of experiments."""
    return math.ceil(2 * (1.96 + 0.8416) ** 2 / effect**2)


def splits(share: float, experiments: int = 400, looks_: int = 100, events: int = 1000) -> float:
    """Return how often a split that should be 50 % and is `share` is ever called wrong, at the level 0.001."""
    rng, weights = np.random.default_rng(3), {"A": 1.0, "B": 1.0}
    found = 0
    for _ in range(experiments):
        counts = np.cumsum(rng.binomial(events, share, size=looks_)).tolist()
        pairs = zip(counts, range(events, events * (looks_ + 1), events), strict=True)
        found += any(mismatch_p_value({"A": total - b, "B": b}, weights) < 0.001 for b, total in pairs)  # noqa: PLR2004
    return found / experiments


def measure() -> dict[str, Any]:
    """Return everything that is reported."""
    null = {}
    for name, draw in DRAWS.items():
        better, worse = peek(draw)
        null[name] = {
            "called_better": float(np.isfinite(better).mean()),
            "called_better_or_worse": float(np.isfinite(np.minimum(better, worse)).mean()),
            "fixed_test_peeked_at": naive(draw),
        }
    power = {}
    for effect in EFFECTS:
        better, _ = peek(DRAWS["normal"], effect, seed=11)
        found = better[np.isfinite(better)]
        power[f"{effect:g}"] = {
            "found": float(np.isfinite(better).mean()),
            "median_values_per_arm": float(np.median(found)) if found.size else None,
            "fixed_test_values_per_arm": fixed_n(effect),
        }
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "versions": {"watchkeeper": VERSION, "python": platform.python_version(), "numpy": np.__version__},
        "settings": {"experiments": EXPERIMENTS, "looks": LOOKS, "values_per_arm_and_look": PER_LOOK, "alpha": ALPHA},
        "without_effect": null,
        "with_effect": power,
        "split_called_wrong": {f"{share:.2%}": splits(share) for share in (0.5, 0.505, 0.51, 0.52)},
    }


def table(result: dict[str, Any]) -> str:
    """Write the results for people."""
    settings, versions = result["settings"], result["versions"]
    known = ", ".join(f"{name} {version}" for name, version in versions.items())
    lines = [
        "# Experiments under continuous peeking",
        "",
        f"{settings['experiments']:,} simulated experiments a row, {settings['looks']} looks, "
        f"{settings['values_per_arm_and_look']} new values per arm and look, alpha {settings['alpha']:g}; "
        f"{known}; {result['date']}.",
        "",
        "| no effect; values | ever called better | ever better or worse | usual 95 % interval, peeked at: better |",
        "| --- | --- | --- | --- |",
    ]
    for name, row in result["without_effect"].items():
        rates = (row["called_better"], row["called_better_or_worse"], row["fixed_test_peeked_at"])
        lines.append(f"| {name} | {' | '.join(f'{rate:.2%}' for rate in rates)} |")
    lines += [
        "",
        "| effect in standard deviations | found | median values per arm until found | one test, power 80 % |",
        "| --- | --- | --- | --- |",
    ]
    for effect, row in result["with_effect"].items():
        median = row["median_values_per_arm"]
        until = "-" if median is None else f"{median:,.0f}"
        lines.append(f"| {effect} | {row['found']:.1%} | {until} | {row['fixed_test_values_per_arm']:,} |")
    lines += ["", "| share of B, 50 % wanted, 100,000 events | ever called wrong (0.001) |", "| --- | --- |"]
    lines += [f"| {share} | {rate:.2%} |" for share, rate in result["split_called_wrong"].items()]
    return "\n".join([*lines, ""])


def main() -> None:
    """Measure, and write both files."""
    result = measure()
    write("experiments", result, table(result))


if __name__ == "__main__":
    main()
