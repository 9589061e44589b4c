"""Two models against the same held-out recent labels: how much better one is, and whether that is chance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from functions.pipeline_steps.metrics import LOSSES, Weighted
from monitoring_core.errors import ConfigError, DataError
from monitoring_core.report.words import metric_title

CONFIDENCE: Final = 0.95
RESAMPLES: Final = 1000

Integers = NDArray[np.int64]
Measures = Mapping[str, Weighted]


@dataclass(frozen=True)
class Holdout:
    """The requests that the held-out rows came in.

    Attributes
    ----------
    requests : ndarray of int64, shape (n_rows,)
        Number of the request of each row; rows of one request are not independent.
    start, end : str
        Times of the first and the last request.
    """

    requests: Integers
    start: str
    end: str


def gain(metric: str, before: float, after: float) -> float:
    """Return by how much a metric got better, in its own unit; positive is better whatever the metric.

    Examples
    --------
    >>> gain("auc", 0.5, 0.75), gain("rmse", 3.5, 3.25)
    (0.25, 0.25)
    """
    return before - after if metric in LOSSES else after - before


def improvement_interval(
    requests: Integers, metric: str, champion: Weighted, challenger: Weighted
) -> tuple[float, float]:
    """Interval of the challenger's gain over the champion: paired bootstrap over whole requests.

    Both models are measured on the same resampled requests, so what is hard for both cancels. The percentile interval
    covers `CONFIDENCE`; it is the same every time for the same data.

    Returns
    -------
    tuple of float
        Lower and upper end; nan if the metric is undefined in every resample.
    """
    generator = np.random.default_rng(0)
    n = int(requests.max()) + 1
    gains = np.empty(RESAMPLES)
    for i in range(RESAMPLES):
        counts = np.bincount(generator.integers(n, size=n), minlength=n)
        weights = counts[requests].astype(float)
        gains[i] = gain(metric, champion(weights), challenger(weights))
    defined = gains[~np.isnan(gains)]
    if not defined.size:
        return math.nan, math.nan
    lower, upper = np.quantile(defined, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(lower), float(upper)


def compare(holdout: Holdout, metric: str, champion: Measures, challenger: Measures) -> dict[str, Any]:
    """Everything that was measured, and the gain in the metric that decides.

    Raises
    ------
    ConfigError
        If the answers do not allow for this metric.
    DataError
        If it is undefined on these rows, so that nothing can be compared.
    """
    if metric not in champion:
        raise ConfigError(f"the models' answers give no {metric!r}; they give: {', '.join(champion)}")
    whole = np.ones(holdout.requests.size)
    measured = {
        name: {one: _known(measure(whole)) for one, measure in measures.items()}
        for name, measures in (("champion", champion), ("challenger", challenger))
    }
    before, after = (_defined(metric, name, figures, whole.size) for name, figures in measured.items())
    lower, upper = improvement_interval(holdout.requests, metric, champion[metric], challenger[metric])
    return {
        "version": 1,
        "rows": int(whole.size),
        "requests": int(holdout.requests.max()) + 1,
        "start": holdout.start,
        "end": holdout.end,
        **measured,
        "improvement": {
            "metric": metric,
            "value": gain(metric, before, after),
            "lower": lower,
            "upper": upper,
            "confidence": CONFIDENCE,
        },
    }


def decide(result: Mapping[str, Any], min_improvement: float) -> dict[str, Any]:
    """Say whether the challenger is better beyond chance, and why: the whole interval lies above `min_improvement`.

    Returns
    -------
    dict
        ``better``, ``reason`` (short) and ``evidence`` (the figures).

    Examples
    --------
    >>> told = {"rows": 1911, "start": "2013-04-09", "end": "2013-04-10"}
    >>> improvement = {"metric": "auc", "value": 0.004, "lower": -0.011, "upper": 0.021, "confidence": 0.95}
    >>> measured = {"champion": {"auc": 0.738}, "challenger": {"auc": 0.742}, "improvement": improvement}
    >>> decide({**measured, **told}, 0.0)["reason"]
    'AUC 0.742 vs 0.738 is not better beyond chance'
    >>> improvement = {"metric": "rmse", "value": 0.3, "lower": 0.1, "upper": 0.5, "confidence": 0.95}
    >>> measured = {"champion": {"rmse": 3.4}, "challenger": {"rmse": 3.1}, "improvement": improvement}
    >>> decision = decide({**measured, **told}, 0.0)
    >>> decision["reason"]
    'RMSE 3.1 vs 3.4 is better beyond chance'
    >>> decision["evidence"]
    'a gain of +0.3 RMSE, less being better (95% interval +0.1 to +0.5) on 1,911 rows from 2013-04-09 to 2013-04-10'
    """
    told = result["improvement"]
    metric: str = told["metric"]
    is_loss, title = metric in LOSSES, metric_title(metric)
    before, after = (_figure(metric, result[name][metric]) for name in ("champion", "challenger"))
    better = bool(told["lower"] > min_improvement)
    demand = f" by more than {min_improvement:g}" if min_improvement else ""
    if better:
        reason = f"{title} {after} vs {before} is better{demand} beyond chance"
    elif told["value"] < 0:
        reason = f"{title} {after} {'>' if is_loss else '<'} {before}"
    else:
        reason = f"{title} {after} vs {before} is not better{demand} beyond chance"
    value, lower, upper = (_figure(metric, told[name], signed=True) for name in ("value", "lower", "upper"))
    evidence = (
        f"a gain of {value} {title}{', less being better' if is_loss else ''} ({told['confidence']:.0%} interval "
        f"{lower} to {upper}) on {result['rows']:,} rows from {result['start']} to {result['end']}"
    )
    return {"better": better, "reason": reason, "evidence": evidence}


def _figure(metric: str, value: float, *, signed: bool = False) -> str:
    """Spell a metric; one in the unit of the label may be of any size."""
    if metric in LOSSES:
        return f"{value:+.4g}" if signed else f"{value:.4g}"
    return f"{value:+.4f}" if signed else f"{value:.3f}"


def _defined(metric: str, model: str, figures: Mapping[str, float | None], rows: int) -> float:
    value = figures[metric]
    if value is None:
        raise DataError(
            f"the {model}'s {metric} is undefined on {rows} held-out rows: their labels are all the same, or its "
            "answers no probabilities; wait for more labels, raise HoldoutShare, or compare by another metric"
        )
    return value


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
