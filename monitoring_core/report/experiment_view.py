"""Geometry of an experiment's page: an interval over time for each treatment and metric."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

from monitoring_core.experiments.looks import Look
from monitoring_core.experiments.plan import Experiment
from monitoring_core.experiments.verdict import Comparison
from monitoring_core.report.svg import line_path

WIDTH: Final = 420.0
HEIGHT: Final = 130.0
_PAD: Final = 0.08


@dataclass(frozen=True, slots=True)
class IntervalPicture:
    """What the template draws.

    Attributes
    ----------
    bands : tuple of str
        Outlines of the interval; it breaks where there were too few values.
    levels : tuple of (float, float)
        Height and number of the marks at the left: the ends, and zero.
    zero_y, limit_y : float
        Heights of no difference, and of what a guardrail allows.
    verdict : str
        ``passed``, ``violated`` or ``not-evaluated``: better, worse (a guardrail: broken), or neither.
    """

    bands: tuple[str, ...]
    line: str
    levels: tuple[tuple[float, float], ...]
    zero_y: float
    limit_y: float
    ticks: tuple[tuple[float, datetime], ...]
    verdict: str


@dataclass(frozen=True, slots=True)
class ArmRow:
    """What one variant has served."""

    name: str
    events: int
    share: float
    wanted: float
    means: tuple[tuple[float, int], ...]


def arm_rows(experiment: Experiment, look: Look) -> list[ArmRow]:
    """Return a row for each variant that gets traffic: events, share, mean and number of values of each metric."""
    judged = {experiment.control, *(one.treatment for one in look.verdict.comparisons)}
    arms = {name: arm for name, arm in look.arms.items() if name in judged}
    events, total = sum(arm.events for arm in arms.values()), sum(experiment.weights_of(judged).values())
    return [
        ArmRow(
            name,
            arm.events,
            arm.events / events if events else math.nan,
            experiment.weights[name] / total,
            tuple((arm.of(metric.name).mean, arm.of(metric.name).count) for metric in experiment.metrics),
        )
        for name, arm in arms.items()
    ]


def draw_interval(last: Comparison, looks: Sequence[Look], allowed: float) -> IntervalPicture:
    """Lay out the intervals of one treatment and metric, up to `last`; `allowed` is the edge of harm."""
    points = [(look.time, _same(last, look)) for look in looks]
    known = [(time, one) for time, one in points if one is not None and math.isfinite(one.low)]
    ends = [end for _, one in known for end in (one.low, one.high)] + [0.0, allowed]
    low, high = min(ends), max(ends)
    room = (high - low) * _PAD or 1.0
    low, high = low - room, high + room
    first, finish = looks[0].time, looks[-1].time
    seconds = (finish - first).total_seconds() or 1.0

    def x(time: datetime) -> float:
        return WIDTH * (time - first).total_seconds() / seconds

    def y(value: float) -> float:
        return HEIGHT * (high - value) / (high - low)

    runs = [list(run) for is_known, run in groupby(points, key=lambda point: point in known) if is_known]
    return IntervalPicture(
        bands=tuple(_band([(x(time), y(one.low), y(one.high)) for time, one in run if one]) for run in runs),
        line=line_path((x(time), y(one.estimate)) for time, one in known),
        levels=tuple((y(value), value) for value in sorted({low + room, 0.0, high - room})),
        zero_y=y(0.0),
        limit_y=y(allowed),
        ticks=((0.0, first), (WIDTH, finish)) if finish > first else ((0.0, first),),
        verdict=_verdict(last, allowed),
    )


def _same(last: Comparison, look: Look) -> Comparison | None:
    found = (one for one in look.verdict.comparisons if (one.treatment, one.metric) == (last.treatment, last.metric))
    return next(found, None)


def _band(ends: Sequence[tuple[float, float, float]]) -> str:
    there = "L".join(f"{x:.5g} {top:.4g}" for x, _, top in ends)
    back = "L".join(f"{x:.5g} {bottom:.4g}" for x, bottom, _ in reversed(ends))
    return f"M{there}L{back}z"


def _verdict(one: Comparison, allowed: float) -> str:
    if one.is_better:
        return "passed"
    beyond = one.high < allowed if one.sign > 0 else one.low > allowed
    return "violated" if beyond else "not-evaluated"
