"""Sample-ratio mismatch: traffic that does not split as it was told to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from monitoring_core.errors import ConfigError
from monitoring_core.measures.distance import PValue

CONCENTRATION: Final = 10_000.0
"""Weight of the prior around the wanted shares: mismatches of some percent are found soonest."""


def mismatch_p_value(counts: Mapping[str, int], weights: Mapping[str, float]) -> PValue:
    r"""P-value, valid at every look, that the events fall to the variants as their weights say.

    The sequential test of a multinomial with a Dirichlet mixture around the wanted shares [1]_:

    .. math:: p = \min\left(1, \frac{\prod_i \theta_i^{n_i}\, B(\kappa\theta)}{B(\kappa\theta + n)}\right)

    with B the multivariate beta function, :math:`\theta` the wanted shares and :math:`\kappa` 10,000. The bound is
    exact at any number of events.

    Parameters
    ----------
    counts : mapping of str to int
        Events by variant.
    weights : mapping of str to float
        Relative, above zero; every variant of `counts` needs one.

    Returns
    -------
    PValue
        1 without events.

    Raises
    ------
    ConfigError
        If a variant with events has no weight.

    References
    ----------
    .. [1] Lindon & Malek (2020), arXiv 2011.03567.

    Examples
    --------
    >>> mismatch_p_value({"A": 5_030, "B": 4_970}, {"A": 1, "B": 1})
    1.0
    >>> mismatch_p_value({"A": 5_300, "B": 4_700}, {"A": 1, "B": 1}) < 0.001
    True
    """
    unknown = sorted(name for name, n in counts.items() if n and weights.get(name, 0) <= 0)
    if unknown:
        raise ConfigError(
            f"variants {', '.join(unknown)} have events but no weight; weights are given for "
            f"{', '.join(sorted(weights)) or 'none'}: compare variants that get traffic by weight"
        )
    shares = {name: weight / sum(weights.values()) for name, weight in weights.items() if weight > 0}
    n = sum(counts.values())
    log_bayes_factor = math.lgamma(CONCENTRATION) - math.lgamma(CONCENTRATION + n)
    for name, share in shares.items():
        seen, prior = counts.get(name, 0), CONCENTRATION * share
        log_bayes_factor += math.lgamma(prior + seen) - math.lgamma(prior) - seen * math.log(share)
    return PValue(math.exp(min(0.0, -log_bayes_factor)))
