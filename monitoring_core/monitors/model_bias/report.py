"""What one bias analysis found: every metric of every group, or why it has no value."""

from __future__ import annotations

from dataclasses import dataclass

from monitoring_core.checks.evaluation import Measurement, Subject
from monitoring_core.measures.bias import Outcomes, Stage


@dataclass(frozen=True, slots=True)
class MetricResult:
    """One metric of one group.

    Attributes
    ----------
    value : float
        ``nan`` where `error` says why.
    rows : int
        Of the smaller of the two groups.
    """

    name: str
    description: str
    stage: Stage
    value: float
    error: str = ""
    interval: tuple[float, float] | None = None
    rows: int = 0


@dataclass(frozen=True, slots=True)
class FacetReport:
    """One disadvantaged group against the other rows.

    Attributes
    ----------
    facet : str
        Column.
    printed : str
        Clarify's ``value_or_threshold``, e.g. ``(100, 225]``.
    subject : str
        The group's name in every window, e.g. ``Account Length > 100``.
    advantaged, disadvantaged : Outcomes or None
        Rows of the two groups; None in Clarify's own files.
    """

    facet: str
    printed: str
    subject: str
    metrics: tuple[MetricResult, ...]
    advantaged: Outcomes | None = None
    disadvantaged: Outcomes | None = None


@dataclass(frozen=True, slots=True)
class BiasReport:
    """Everything about one label.

    Attributes
    ----------
    label : str
        Column.
    label_printed : str
        Clarify's ``label_value_or_threshold``.
    """

    label: str
    label_printed: str
    facets: tuple[FacetReport, ...]


def measurements(report: BiasReport) -> list[Measurement]:
    """Return the metrics of a report as measurements; the subject is the group."""
    return [
        Measurement(metric.name, metric.value, metric.rows, Subject(facet.subject), metric.interval)
        for facet in report.facets
        for metric in facet.metrics
    ]
