"""Analysis: what every kind of monitor hands over after a window, in files and metrics of Amazon's format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from monitoring_core.checks.evaluation import Evaluation


@dataclass(frozen=True, slots=True)
class StatisticSet:
    """Many values in four numbers, as CloudWatch takes them."""

    count: int
    total: float
    minimum: float
    maximum: float


@dataclass(frozen=True, slots=True)
class ParityMetric:
    """A CloudWatch metric that Amazon's own container publishes (contract 8.1).

    Attributes
    ----------
    value : float or StatisticSet
        Always finite; what is undefined is not published.
    dimensions : mapping of str to str
        Those beside ``Endpoint`` and ``MonitoringSchedule``.
    subject : str
        The feature it is about, or empty.
    """

    name: str
    value: float | StatisticSet
    dimensions: Mapping[str, str] = field(default_factory=dict)
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Analysis:
    """The verdict on one window, and its files by name (``statistics.json``, ``constraint_violations.json`` ...)."""

    evaluation: Evaluation
    files: Mapping[str, bytes]
    metrics: tuple[ParityMetric, ...] = ()
