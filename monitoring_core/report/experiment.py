"""The page about one experiment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from monitoring_core.experiments.looks import Look
from monitoring_core.experiments.plan import Experiment
from monitoring_core.experiments.verdict import Outcome
from monitoring_core.report.experiment_view import arm_rows, draw_interval
from monitoring_core.report.page import render

_CLASSES: Final = {
    Outcome.WINNER: "passed",
    Outcome.CONTROL: "violated",
    Outcome.INVALID: "violated",
}


@dataclass(frozen=True, slots=True)
class Happened:
    """One decision."""

    time: datetime
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class ExperimentReport:
    """What the page shows.

    Attributes
    ----------
    experiment : Experiment
        With the weights of the stage.
    looks : sequence of Look
        What was known after each window of the stage; may be empty.
    happened : sequence of Happened
        The decisions so far, in order.
    """

    endpoint: str
    name: str
    experiment: Experiment
    outcome: Outcome
    reason: str
    winner: str | None
    is_over: bool
    stage: int
    looks: Sequence[Look]
    happened: Sequence[Happened] = ()

    @property
    def headline(self) -> str:
        """The verdict in a few words."""
        control = self.experiment.control
        return {
            Outcome.RUNNING: "Nothing can be said yet",
            Outcome.WINNER: f"{self.winner} is better",
            Outcome.CONTROL: f"{control} stays: no treatment is better",
            Outcome.NO_DIFFERENCE: "No difference",
            Outcome.INVALID: "Invalid: nothing can be compared",
        }[self.outcome]


def render_experiment_report(report: ExperimentReport) -> str:
    """Self-contained HTML page of an experiment: the verdict, each metric over time, the split, what was done."""
    last = report.looks[-1] if report.looks else None
    experiment = report.experiment
    comparisons = last.verdict.comparisons if last else ()
    return render(
        "experiment.html.j2",
        report=report,
        experiment=experiment,
        kind=_CLASSES.get(report.outcome, "not-evaluated"),
        last=last,
        arms=arm_rows(experiment, last) if last else [],
        pictures=[(one, draw_interval(one, report.looks, _allowed(experiment, one.metric))) for one in comparisons],
        is_split_right=last is None or last.verdict.sample_ratio_p_value >= experiment.sample_ratio_alpha,
    )


def _allowed(experiment: Experiment, metric: str) -> float:
    """Return the difference at the edge of what is allowed: a guardrail's tolerance, with the sign of harm."""
    return next((-one.sign * one.tolerance for one in experiment.guardrails if one.name == metric), 0.0)
