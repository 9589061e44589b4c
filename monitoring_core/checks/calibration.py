"""Calibration: limits that ordinary change of good data does not reach."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from monitoring_core.checks.evaluation import Measurement, Subject


def calibrated_limit(threshold: float, distances: Iterable[float]) -> float:
    r"""Return the larger of a threshold and the largest distance that windows of good data had.

    .. math:: \mathrm{limit} = \max(\mathrm{threshold}, d_1, \dots, d_W)

    If a new window is exchangeable with the W windows of the baseline (same process, no order between
    them), each of the W + 1 distances is equally likely to be the largest, so the chance that the new one
    exceeds all others is at most 1 / (W + 1), per feature and window. Two things bend this: the baseline
    windows are part of the baseline they are compared with, so their distances are a little small (by a
    factor of about 1 - 1 / W); and seasons make windows not exchangeable until the baseline has seen them.

    Parameters
    ----------
    threshold : float
        Smallest limit: the practical effect below which nothing is a drift.
    distances : iterable of float
        Distance of each baseline window to the whole baseline; ``nan`` where undefined.

    Examples
    --------
    >>> calibrated_limit(0.1, [0.05, 0.3, float("nan")]), calibrated_limit(0.1, [])
    (0.3, 0.1)
    """
    return max([threshold, *(distance for distance in distances if not math.isnan(distance))])


def calibrated_floor(threshold: float, shares: Iterable[float]) -> float:
    """Return the smaller of a required share and the smallest share that windows of good data had.

    The mirror image of `calibrated_limit`, with the same guarantee.

    Examples
    --------
    >>> calibrated_floor(1.0, [0.98, 0.95])
    0.95
    """
    return min([threshold, *(share for share in shares if not math.isnan(share))])


def sampling_floor(share: float, rows: int) -> float:
    r"""Return the share below which a window of independent rows falls by chance in about 1 of 740 cases.

    .. math:: p - 3 \sqrt{p (1 - p) / n}

    For good data that is one window only, where `calibrated_floor` has nothing to go by.

    Parameters
    ----------
    share : float
        Share in the good data, in [0, 1].
    rows : int
        Rows of the smallest window that is to be judged.

    Returns
    -------
    float
        In [0, 1]; 1 where the share is 1.

    Examples
    --------
    >>> round(sampling_floor(0.9, 100), 4), sampling_floor(1.0, 100), sampling_floor(0.01, 100)
    (0.81, 1.0, 0.0)
    """
    return max(0.0, share - 3 * math.sqrt(share * (1 - share) / rows))


def by_subject(windows: Iterable[Sequence[Measurement]], metric: str, *, min_n: int = 1) -> dict[Subject, list[float]]:
    """Collect the values of one metric over windows, leaving out those that rest on fewer than `min_n` rows."""
    found: dict[Subject, list[float]] = {}
    for measurements in windows:
        for measurement in measurements:
            if measurement.metric == metric and measurement.n >= min_n:
                found.setdefault(measurement.subject, []).append(measurement.value)
    return found
