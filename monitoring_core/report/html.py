"""The page about one run."""

from __future__ import annotations

from collections import Counter

from monitoring_core.report.distribution import Comparison
from monitoring_core.report.page import render
from monitoring_core.report.run_view import (
    MAX_CARDS,
    MAX_LISTED,
    FeatureView,
    RunReport,
    features_worst_first,
    not_evaluated,
    number_rows,
    violation_rows,
)
from monitoring_core.report.svg import step_path
from monitoring_core.report.words import lead, verdict


def render_run_report(report: RunReport) -> str:
    """Self-contained HTML page of one run: the verdict first, then why, then everything that was measured."""
    evaluation = report.evaluation
    features = features_worst_first(report)
    return render(
        "run.html.j2",
        report=report,
        evaluation=evaluation,
        verdict=verdict(evaluation),
        lead=lead(evaluation),
        outcomes=Counter(str(check.outcome) for check in evaluation.checks),
        violations=violation_rows(evaluation)[:MAX_LISTED],
        max_listed=MAX_LISTED,
        features=features,
        cards=_cards(features),
        cards_left_out=sum(view.picture is not None for view in features[MAX_CARDS:]),
        numbers=[] if features else number_rows(evaluation),
        not_evaluated=not_evaluated(evaluation),
        quarantined=sum(report.quarantine.values()),
        step_path=step_path,
    )


def _cards(features: list[FeatureView]) -> list[tuple[FeatureView, Comparison]]:
    return [(view, picture) for view in features[:MAX_CARDS] if (picture := view.picture) is not None]
