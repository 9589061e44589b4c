"""What a run found, as its manifest tells it."""

from __future__ import annotations

import math
from collections.abc import Iterable

from functions.common.contract import LabelCounts, WorstFeature
from monitoring_core.artifacts import Finding
from monitoring_core.dataset import JoinReport


def worst_features(findings: Iterable[Finding]) -> tuple[WorstFeature, ...]:
    """Return the findings for a manifest."""
    return tuple(
        WorstFeature(
            feature=finding.feature,
            check=finding.check,
            value=finite(finding.value),
            limit=finite(finding.limit),
            description=finding.description,
            metric=finding.metric,
            segment=finding.segment,
        )
        for finding in findings
    )


def label_counts(report: JoinReport) -> LabelCounts:
    """Return for a manifest what became of the labels."""
    return LabelCounts(
        events=report.events,
        matched=report.matched,
        coverage=finite(report.coverage),
        duplicates=report.duplicates,
        late=report.late,
        labels_without_event=report.labels_without_event,
        digest=report.digest,
    )


def finite(value: float) -> float | None:
    """Return None for what is undefined or infinite: JSON has no word for it.

    Examples
    --------
    >>> finite(1.5), finite(float("nan")), finite(float("inf"))
    (1.5, None, None)
    """
    return value if math.isfinite(value) else None
