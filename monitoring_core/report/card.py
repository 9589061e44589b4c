"""A run in a few lines of HTML, to be shown inside another page such as a notebook."""

from __future__ import annotations

from collections import Counter
from typing import Final

from monitoring_core.report.page import render
from monitoring_core.report.run_view import RunReport, number_rows, segment_rows, violation_rows
from monitoring_core.report.words import lead, verdict

MAX_ROWS: Final = 10
"""Rows of each table; the worst first."""
MAX_SEGMENTS: Final = 5


def render_run_card(report: RunReport) -> str:
    """HTML fragment of one run: verdict, worst checks, weakest segments, measures; without scripts and links.

    Names from the data are escaped. It takes the colours of the page around it.
    """
    evaluation = report.evaluation
    rows, numbers = violation_rows(evaluation), number_rows(evaluation)
    return render(
        "card.html.j2",
        report=report,
        evaluation=evaluation,
        verdict=verdict(evaluation),
        lead=lead(evaluation),
        outcomes=Counter(str(check.outcome) for check in evaluation.checks),
        violations=rows[:MAX_ROWS],
        violations_left_out=max(0, len(rows) - MAX_ROWS),
        segments=segment_rows(evaluation, limit=MAX_SEGMENTS),
        numbers=numbers[:MAX_ROWS],
        numbers_left_out=max(0, len(numbers) - MAX_ROWS),
        quarantined=sum(report.quarantine.values()),
    )
