"""Quality of probabilities: whether what is said to happen with chance p does happen that often."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitoring_core.stats.calibration_bins import CalibrationBins

Floats = NDArray[np.float64]

_CLOSEST: Final = float(np.finfo(np.float64).eps)


def squared_errors(probabilities: Floats, positive: NDArray[np.bool_]) -> Floats:
    r"""Return the terms whose mean is the Brier score.

    .. math:: (p_i - y_i)^2

    Parameters
    ----------
    probabilities : ndarray, shape (n,)
        Of the positive class, in [0, 1].
    positive : ndarray of bool, shape (n,)
        What came true.

    Returns
    -------
    ndarray, shape (n,)
        In [0, 1]; 0 is best.

    References
    ----------
    .. [1] Brier (1950), Monthly Weather Review 78(1).

    Examples
    --------
    >>> squared_errors(np.array([0.5, 1.0]), np.array([True, True])).tolist()
    [0.25, 0.0]
    """
    return np.square(probabilities - positive)


def log_losses(probabilities: Floats, positive: NDArray[np.bool_]) -> Floats:
    r"""Return the terms whose mean is the logarithmic loss (cross-entropy), in nats.

    .. math:: -y_i \ln p_i - (1 - y_i) \ln (1 - p_i)

    with p moved to the closest double from 0 and 1, so that a certain error costs 36, not infinity.

    Parameters
    ----------
    probabilities : ndarray, shape (n,)
        Of the positive class, in [0, 1].
    positive : ndarray of bool, shape (n,)
        What came true.

    Returns
    -------
    ndarray, shape (n,)
        In [0, 36.05]; 0 is best.

    Examples
    --------
    >>> log_losses(np.array([0.5, 0.0]), np.array([True, True])).round(4).tolist()
    [0.6931, 36.0437]
    """
    chance = np.where(positive, probabilities, 1 - probabilities)
    return np.asarray(-np.log(np.clip(chance, _CLOSEST, 1 - _CLOSEST)))


def reliability_curve(bins: CalibrationBins) -> tuple[Floats, Floats]:
    """Return mean probability and share of positives of each bin; ``nan`` where a bin is empty.

    On the diagonal the probabilities are right; below it they are too high.

    Examples
    --------
    >>> said, seen = reliability_curve(CalibrationBins.of(np.array([0.2, 0.15]), np.array([True, False])))
    >>> round(said[1].item(), 3), seen[1].item(), seen[0].item()
    (0.175, 0.5, nan)
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return bins.probabilities / bins.rows, bins.positives / bins.rows


def expected_calibration_error(bins: CalibrationBins) -> float:
    r"""Mean distance between what was said and what was seen, over the rows.

    .. math:: \mathrm{ECE} = \sum_b \frac{n_b}{n} \left| \bar y_b - \bar p_b \right|

    Returns
    -------
    float
        In [0, 1], 0 is best; chance alone makes it positive, by about :math:`\sqrt{b / n}` for b bins.
        ``nan`` without rows.

    References
    ----------
    .. [1] Naeini, Cooper & Hauskrecht (2015), AAAI 29.

    Examples
    --------
    >>> bins = CalibrationBins.of(np.array([0.15, 0.15, 0.9, 0.9]), np.array([False, True, True, True]))
    >>> round(expected_calibration_error(bins), 3), expected_calibration_error(CalibrationBins.empty())
    (0.225, nan)
    """
    return float(calibration_gap(bins.rows, bins.positives, reliability_curve(bins)[0]))


def calibration_gap(rows: ArrayLike, positives: ArrayLike, said: Floats) -> Floats:
    """Return the expected calibration error of counts per bin, shape (..., n_bins), beside what each bin says.

    Examples
    --------
    >>> calibration_gap([[2, 2]], [[1, 2]], np.array([0.25, 1.0])).tolist()
    [0.125]
    """
    total, seen = np.asarray(rows, dtype=np.float64), np.asarray(positives, dtype=np.float64)
    gaps = np.abs(seen - total * np.nan_to_num(said))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(gaps.sum(axis=-1) / total.sum(axis=-1))
