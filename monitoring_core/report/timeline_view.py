"""Geometry of the timeline: one time axis under drift, verdicts, rows and a heat strip for each feature."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from monitoring_core.report.svg import cells_path, line_path
from monitoring_core.window import Window

LEFT: Final = 150.0
WIDTH: Final = 850.0
TREND_HEIGHT: Final = 150.0
ROW: Final = 17.0
MAX_COLUMNS: Final = 500
MAX_FEATURES: Final = 24
HEAT_FROM: Final = (0.75, 1.0, 1.5, 3.0)
"""Drift in relation to its limit from which each darker colour counts."""
LOWEST, HIGHEST = 0.125, 8.0
MARKER: Final = 14.0


class Run(Protocol):
    """What is drawn of a run."""

    @property
    def window(self) -> Window: ...  # noqa: D102
    @property
    def status(self) -> str: ...  # noqa: D102
    @property
    def rows(self) -> int: ...  # noqa: D102
    @property
    def drift(self) -> Mapping[str, float]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Marker:
    """One or more events near each other, under their numbers in the table."""

    x: float
    label: str
    kind: str


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """Heat strip of one feature: a path for each colour."""

    name: str
    heat: dict[str, str]


@dataclass(frozen=True, slots=True)
class TimelinePicture:
    """Everything the template draws; x is relative to the plot's left edge."""

    trend: str
    beyond: tuple[tuple[float, float], ...]
    levels: tuple[tuple[float, str], ...]
    limit_y: float
    verdicts: dict[str, str]
    rows: str
    most_rows: int
    features: tuple[FeatureRow, ...]
    features_left_out: int
    ticks: tuple[tuple[float, str], ...]
    markers: tuple[Marker, ...]
    windows_per_column: int


@dataclass(frozen=True, slots=True)
class _Column:
    """Some runs in a row, drawn as one: the worst of each thing."""

    x: float
    width: float
    verdict: str
    rows: int
    drift: Mapping[str, float]

    @property
    def centre(self) -> float:
        return self.x + self.width / 2

    @property
    def worst(self) -> float | None:
        return max(self.drift.values(), default=None)


def draw_timeline(runs: Sequence[Run], times: Sequence[datetime], kinds: Sequence[str]) -> TimelinePicture:
    """Lay out runs, sorted by window, and events, sorted by time."""
    span = Window(runs[0].window.start, max(run.window.end for run in runs))
    size = math.ceil(len(runs) / MAX_COLUMNS)
    columns = [_column(runs[i : i + size], span) for i in range(0, len(runs), size)]
    names = _worst_features(columns)
    most = max(column.rows for column in columns)
    return TimelinePicture(
        trend=line_path((c.centre, None if c.worst is None else _y(c.worst)) for c in columns),
        beyond=tuple((c.centre, _y(c.worst)) for c in columns if c.worst is not None and c.worst > 1),
        levels=tuple((_y(level), f"{level:g}\N{MULTIPLICATION SIGN}") for level in (0.25, 0.5, 1.0, 2.0, 4.0)),
        limit_y=_y(1.0),
        verdicts=_by_class([(c.verdict, c) for c in columns], ROW),
        rows="".join(cells_from_bottom(c, 30 * c.rows / most) for c in columns if c.rows) if most else "",
        most_rows=most,
        features=tuple(FeatureRow(name, _heat(name, columns)) for name in names[:MAX_FEATURES]),
        features_left_out=max(0, len(names) - MAX_FEATURES),
        ticks=_ticks(span),
        markers=_markers([_x(time, span) for time in times], kinds),
        windows_per_column=size,
    )


def cells_from_bottom(column: _Column, height: float) -> str:
    """Bar that stands on the line y = 30."""
    return f"M{column.x:.5g} 30v-{height:.3g}h{column.width:.4g}v{height:.3g}z"


def _x(time: datetime, span: Window) -> float:
    share = (time - span.start) / (span.end - span.start)
    return WIDTH * min(max(share, 0.0), 1.0)


def _y(excess: float) -> float:
    """Logarithmic, so that the limit is in the middle and a tenfold drift still fits."""
    clipped = min(max(excess, LOWEST), HIGHEST)
    return TREND_HEIGHT * (1 - math.log2(clipped / LOWEST) / math.log2(HIGHEST / LOWEST))


_VERDICTS: Final = {"Failed": "failed", "CompletedWithViolations": "bad", "Completed": "ok", "NoData": "none"}
"""Colour class of each status, the worst first."""


def _column(runs: Sequence[Run], span: Window) -> _Column:
    x = _x(runs[0].window.start, span)
    width = max(_x(runs[-1].window.end, span) - x, 0.5)
    statuses = {run.status for run in runs}
    verdict = next(kind for status, kind in _VERDICTS.items() if status in statuses)
    drift: dict[str, float] = {}
    for run in runs:
        for name, value in run.drift.items():
            if not math.isnan(value):
                drift[name] = max(value, drift.get(name, value))
    return _Column(x, width, verdict, sum(run.rows for run in runs), drift)


def _worst_features(columns: Sequence[_Column]) -> list[str]:
    """Names, those most often beyond their limit first."""
    values: dict[str, list[float]] = {}
    for column in columns:
        for name, value in column.drift.items():
            values.setdefault(name, []).append(value)
    return sorted(values, key=lambda name: (-sum(v > 1 for v in values[name]), -max(values[name]), name))


def _heat(name: str, columns: Sequence[_Column]) -> dict[str, str]:
    measured = [(column.drift[name], column) for column in columns if name in column.drift]
    return _by_class(
        [(f"heat-{sum(value >= edge for edge in HEAT_FROM)}", column) for value, column in measured], ROW - 3
    )


def _by_class(cells: Sequence[tuple[str, _Column]], height: float) -> dict[str, str]:
    kinds = sorted({kind for kind, _ in cells})
    return {
        kind: cells_path([(c.x, max(c.width - 0.4, 0.4)) for other, c in cells if other == kind], height)
        for kind in kinds
    }


def _markers(positions: Sequence[float], kinds: Sequence[str]) -> tuple[Marker, ...]:
    """Give the events numbers; those too near to be told apart share a marker."""
    groups: list[list[int]] = []
    for i, x in enumerate(positions):
        if groups and x - positions[groups[-1][0]] < MARKER:
            groups[-1].append(i)
        else:
            groups.append([i])
    return tuple(Marker(positions[g[0]], _numbers(g), _loudest([kinds[i] for i in g])) for g in groups)


def _numbers(group: Sequence[int]) -> str:
    first, last = group[0] + 1, group[-1] + 1
    return str(first) if first == last else f"{first}-{last}"


def _loudest(kinds: Sequence[str]) -> str:
    return next((kind for kind in ("alarm", "retraining", "fault") if kind in kinds), kinds[0])


def _ticks(span: Window) -> tuple[tuple[float, str], ...]:
    """At most about a dozen round times."""
    days = (span.end - span.start) / timedelta(days=1)
    if days > 60:  # noqa: PLR2004 - from two months on, months are the landmarks
        months = [
            datetime(y, m, 1, tzinfo=span.start.tzinfo)
            for y in range(span.start.year, span.end.year + 1)
            for m in range(1, 13)
        ]
        inside = [month for month in months if span.contains(month)]
        step = math.ceil(len(inside) / 12)
        return tuple(
            (_x(month, span), f"{month:%b %Y}" if month.month == 1 else f"{month:%b}") for month in inside[::step]
        )
    hours = next((h for h in (1, 2, 3, 6, 12, 24, 48, 72, 120, 168) if days * 24 / h <= 12), 336)  # noqa: PLR2004 - a dozen
    midnight = span.start.replace(hour=0, minute=0, second=0, microsecond=0)
    times = [midnight + timedelta(hours=hours * i) for i in range(int(days * 24 / hours) + 26)]
    text = "%H:%M" if days <= 1 else "%d %b" if hours >= 24 else "%d %b %H:%M"  # noqa: PLR2004 - a day
    return tuple((_x(time, span), f"{time:{text}}") for time in times if span.contains(time))
