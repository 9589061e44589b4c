"""Two models against the same held-out recent labels: how much better one is, and whether that is chance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

CONFIDENCE: Final = 0.95
RESAMPLES: Final = 1000
DECISION_THRESHOLD: Final = 0.5
SMALLEST_PROBABILITY: Final = 1e-15

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Holdout:
    """What really happened, row by row.

    Attributes
    ----------
    labels : ndarray of int64, shape (n_rows,)
        0 or 1.
    groups : ndarray of int64, shape (n_rows,)
        Number of the request that a row came in; rows of one request are not independent.
    start, end : str
        Times of the first and the last request.
    """

    labels: Integers
    groups: Integers
    start: str
    end: str


def area_under_curve(labels: Integers, scores: Floats, weights: Floats | None = None) -> float:
    r"""Area under the ROC curve: the chance that a positive row scores above a negative one.

    .. math:: \mathrm{AUC} = P(s_+ > s_-) + \tfrac12 P(s_+ = s_-)

    Parameters
    ----------
    labels : ndarray of int, shape (n,)
        0 or 1.
    scores : ndarray of float, shape (n,)
        Only their order counts.
    weights : ndarray of float, shape (n,), optional
        How often each row counts.

    Returns
    -------
    float
        In [0, 1]; nan if only one class is present.

    Examples
    --------
    >>> area_under_curve(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]))
    0.75
    >>> area_under_curve(np.array([1, 1]), np.array([0.1, 0.4]))
    nan
    """
    ranks = np.unique(scores, return_inverse=True)[1]
    return _area(labels, ranks, np.ones(labels.size) if weights is None else weights)


def log_loss(labels: Integers, scores: Floats) -> float:
    """Mean negative log-likelihood of the labels, in nats; 0 is perfect.

    Examples
    --------
    >>> round(log_loss(np.array([0, 1]), np.array([0.5, 0.5])), 4)
    0.6931
    """
    probabilities = np.clip(np.where(labels == 1, scores, 1 - scores), SMALLEST_PROBABILITY, 1)
    return float(-np.mean(np.log(probabilities)))


def accuracy(labels: Integers, scores: Floats) -> float:
    """Share of rows on the right side of one half.

    Examples
    --------
    >>> accuracy(np.array([0, 1, 1, 0]), np.array([0.1, 0.9, 0.2, 0.3]))
    0.75
    """
    return float(np.mean((scores > DECISION_THRESHOLD) == (labels == 1)))


def improvement_interval(holdout: Holdout, champion: Floats, challenger: Floats) -> tuple[float, float]:
    """Interval of challenger's AUC minus champion's: paired bootstrap over whole requests.

    Both models are scored on the same resampled requests, so what is hard for both cancels. The percentile interval
    covers `CONFIDENCE`; it is the same every time for the same data.

    Returns
    -------
    tuple of float
        Lower and upper end; nan if no resample has both classes.
    """
    generator = np.random.default_rng(0)
    n_groups = int(holdout.groups.max()) + 1
    ranks = [np.unique(scores, return_inverse=True)[1] for scores in (champion, challenger)]
    differences = np.empty(RESAMPLES)
    for i in range(RESAMPLES):
        counts = np.bincount(generator.integers(n_groups, size=n_groups), minlength=n_groups)
        weights = counts[holdout.groups].astype(float)
        before, after = (_area(holdout.labels, rank, weights) for rank in ranks)
        differences[i] = after - before
    defined = differences[~np.isnan(differences)]
    if not defined.size:
        return math.nan, math.nan
    lower, upper = np.quantile(defined, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(lower), float(upper)


def compare(holdout: Holdout, champion: Floats, challenger: Floats) -> dict[str, Any]:
    """Everything that was measured.

    Raises
    ------
    ValueError
        If the held-out labels are all the same, so that nothing can be compared.
    """
    if np.unique(holdout.labels).size < 2:  # noqa: PLR2004 - both classes
        raise ValueError(
            f"all {holdout.labels.size} held-out labels are {holdout.labels[0]}; comparing needs both classes: "
            "wait for more labels or raise HoldoutShare"
        )
    measured = {name: _measure(holdout.labels, s) for name, s in (("champion", champion), ("challenger", challenger))}
    lower, upper = improvement_interval(holdout, champion, challenger)
    return {
        "version": 1,
        "rows": int(holdout.labels.size),
        "requests": int(holdout.groups.max()) + 1,
        "start": holdout.start,
        "end": holdout.end,
        **measured,
        "improvement": {
            "metric": "auc",
            "value": measured["challenger"]["auc"] - measured["champion"]["auc"],
            "lower": lower,
            "upper": upper,
            "confidence": CONFIDENCE,
        },
    }


def decide(result: dict[str, Any], min_improvement: float) -> dict[str, object]:
    """Say whether the challenger is better beyond chance, and why: the whole interval lies above `min_improvement`.

    Returns
    -------
    dict
        ``better``, ``reason`` (short) and ``evidence`` (the figures).

    Examples
    --------
    >>> gain = {"value": 0.004, "lower": -0.011, "upper": 0.021, "confidence": 0.95}
    >>> measured = {"champion": {"auc": 0.738}, "challenger": {"auc": 0.742}, "improvement": gain}
    >>> decide({**measured, "rows": 1911, "start": "2013-04-09", "end": "2013-04-10"}, 0.0)["reason"]
    'AUC 0.742 vs 0.738 is not better beyond chance'
    """
    before, after, gain = result["champion"]["auc"], result["challenger"]["auc"], result["improvement"]
    better = gain["lower"] > min_improvement
    demand = f" by more than {min_improvement:g}" if min_improvement else ""
    if better:
        reason = f"AUC {after:.3f} vs {before:.3f} is better{demand} beyond chance"
    elif after < before:
        reason = f"AUC {after:.3f} < {before:.3f}"
    else:
        reason = f"AUC {after:.3f} vs {before:.3f} is not better{demand} beyond chance"
    evidence = (
        f"a gain of {gain['value']:+.4f} AUC ({gain['confidence']:.0%} interval {gain['lower']:+.4f} to "
        f"{gain['upper']:+.4f}) on {result['rows']:,} rows from {result['start']} to {result['end']}"
    )
    return {"better": bool(better), "reason": reason, "evidence": evidence}


def _measure(labels: Integers, scores: Floats) -> dict[str, float]:
    return {
        "auc": area_under_curve(labels, scores),
        "log_loss": log_loss(labels, scores),
        "accuracy": accuracy(labels, scores),
    }


def _area(labels: Integers, ranks: Integers, weights: Floats) -> float:
    positive = np.bincount(ranks, weights * labels)
    negative = np.bincount(ranks, weights * (1 - labels))
    pairs = positive.sum() * negative.sum()
    below = np.cumsum(negative) - negative / 2
    return float(positive @ below / pairs) if pairs else math.nan
