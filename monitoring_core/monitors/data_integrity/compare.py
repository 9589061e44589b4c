"""Shares of bad values against the baseline's, tested together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from monitoring_core.checks.evaluation import Measurement, Subject
from monitoring_core.measures.balance import mode_share
from monitoring_core.measures.correlation import correlation_shift, correlation_shift_p_values
from monitoring_core.measures.multiplicity import holm
from monitoring_core.measures.proportion import increase_p_value, wilson_interval
from monitoring_core.monitors.data_integrity.observe import RELATIONS
from monitoring_core.monitors.data_integrity.state import IntegrityState
from monitoring_core.monitors.data_quality.profile import ColumnProfile
from monitoring_core.monitors.stored import INCREASE
from monitoring_core.stats.share import Share


@dataclass(frozen=True, slots=True)
class Pair:
    """A share of bad values, in the window and in the baseline."""

    metric: str
    subject: Subject
    current: Share
    base: Share


def increases(pairs: Sequence[Pair], *, significance: float, families: int = 1) -> Iterator[Measurement]:
    """Yield every share, and its increase over the baseline: 0 where chance explains it.

    The p-values are corrected for their number (Holm) and for the number of slices.
    """
    adjusted = holm([increase_p_value(p.base.part, p.base.whole, p.current.part, p.current.whole) for p in pairs])
    for pair, p_value in zip(pairs, adjusted, strict=True):
        share, n = pair.current.value, pair.current.whole
        interval = wilson_interval(pair.current.part, n)
        yield Measurement(pair.metric, share, n, pair.subject, interval)
        rise = max(0.0, share - pair.base.value) if n and pair.base.whole else math.nan
        explained = p_value * families >= significance
        yield Measurement(pair.metric + INCREASE, 0.0 if explained else rise, n, pair.subject)


def column_pairs(name: str, state: IntegrityState, reference: IntegrityState) -> Iterator[Pair]:
    """Yield what is compared of one column."""
    subject, base, column = Subject(name), reference.columns[name], state.columns[name]
    yield Pair("missing_share", subject, _missing(column), _missing(base))
    if base.inferred_type.is_numeric:
        yield Pair("wrong_type_share", subject, _texts(column), _texts(base))
        for metric, counts, expected in (
            ("out_of_range_share", state.ranges.get(name), reference.ranges.get(name)),
            ("outlier_share", state.outliers.get(name), reference.outliers.get(name)),
        ):
            if counts is not None and expected is not None:
                yield Pair(
                    metric, subject, Share(counts.outside, counts.total), Share(expected.outside, expected.total)
                )
    elif base.present:
        yield Pair("broken_encoding_share", subject, state.encoding[name], reference.encoding[name])
        if not base.tally.other:
            seen = sum(column.tally.counts.get(category, 0) for category in base.tally.counts)
            once = sum(count == 1 for count in base.tally.counts.values())  # Good and Turing's share of the unseen
            yield Pair(
                "unseen_category_share",
                subject,
                Share(column.present - seen, column.present),
                Share(once, base.present),
            )


def frozen(column: ColumnProfile, base: ColumnProfile, *, significance: float) -> float:
    """Return 1 where a column that used to vary has one value only and chance does not explain it, else 0.

    Chance explains it where the baseline's most frequent value would fill such a window by itself.
    """
    if not column.present:
        return math.nan
    constant = column.distinct_count == 1 if not _is_constant(column) else True
    if not constant or _is_constant(base):
        return 0.0
    by_chance = _mode_share(base) ** column.present
    return float(by_chance < significance)


def correlation_shifts(
    state: IntegrityState, reference: IntegrityState, *, significance: float, families: int = 1
) -> Iterator[Measurement]:
    """Yield for each numeric column the largest change of its correlation with any other; 0 by chance."""
    current, base = state.relations.get(RELATIONS), reference.relations.get(RELATIONS)
    if current is None or base is None:
        return
    p_values = correlation_shift_p_values(base, current)
    shifts = np.abs(correlation_shift(base, current))
    tested = np.count_nonzero(~np.isnan(p_values)) // 2
    with np.errstate(invalid="ignore"):
        certain = p_values * max(1, tested) * families < significance
    for i, name in enumerate(base.names):
        defined = ~np.isnan(p_values[i])
        value = float(np.where(certain[i], shifts[i], 0.0)[defined].max()) if defined.any() else math.nan
        yield Measurement("correlation_shift", value, int(current.counts[i, i]), Subject(name))


def _missing(column: ColumnProfile) -> Share:
    return Share(column.types.missing, column.types.missing + column.present)


def _texts(column: ColumnProfile) -> Share:
    return Share(column.types.string + column.types.boolean, column.present)


def _is_constant(column: ColumnProfile) -> bool:
    if column.inferred_type.is_numeric:
        return column.moments.minimum == column.moments.maximum
    return column.distinct_count == 1


def _mode_share(base: ColumnProfile) -> float:
    if base.inferred_type.is_numeric:
        at_edges = base.histogram.through - base.histogram.below
        return float(at_edges.max(initial=0)) / max(1, base.histogram.total)
    return mode_share([*base.tally.counts.values(), base.tally.other])
