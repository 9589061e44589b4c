"""One run of an experiment: finish what was decided, read what is new, decide."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from functions.common.storage import write
from functions.experiment.acting import split_traffic, tell
from functions.experiment.decision import disturbance, first_step, invalid, next_step
from functions.experiment.live import Live, read_live
from functions.experiment.log import Stage, Step, StepLog
from functions.experiment.reading import read_windows
from functions.experiment.settings import ExperimentSettings
from functions.experiment.spec import ExperimentSpec
from functions.experiment.standing import Standing, told_shares
from monitoring_core.experiments.looks import Look, look_back
from monitoring_core.experiments.plan import Experiment
from monitoring_core.report.experiment import ExperimentReport, Happened, render_experiment_report


class ExperimentRun:
    """One run of one experiment; running again for the same time changes nothing.

    Parameters
    ----------
    spec : ExperimentSpec
    settings : ExperimentSettings
    at : datetime
        For when the run was scheduled.
    """

    def __init__(self, spec: ExperimentSpec, settings: ExperimentSettings, at: datetime) -> None:
        self._spec, self._settings, self._at = spec, settings, at
        self._log = StepLog(spec.prefix)

    def go_on(self) -> Standing:
        """Return how the experiment stands after the run."""
        steps = self._log.steps() or self._begin()
        step = steps[-1]
        if not self._finish(step) or step.standing.is_over:
            return step.standing
        live = read_live(self._spec)
        if not live.is_in_service:
            return step.standing
        return self._look(steps, live)

    def _begin(self) -> list[Step]:
        self._log.append(first_step(self._spec, read_live(self._spec), self._at))
        return self._log.steps()

    def _finish(self, step: Step) -> bool:
        """Do what a step asks for and is not done; return whether its weights are in force."""
        in_force = split_traffic(self._spec, step, self._log)
        tell(self._spec, step, self._log, self._settings)
        return in_force

    def _look(self, steps: list[Step], live: Live) -> Standing:
        """Read what is new, and decide."""
        step, due = steps[-1], self._spec.due(self._at)
        stage = self._log.stage(step.stage) or self._log.begin(_new_stage(step, live, step.standing.until or due.start))
        experiment = self._spec.experiment(stage.weights, stage.number)
        windows = read_windows(self._spec, stage, self._log.stage_prefix(stage.number), due)
        looks = look_back(experiment, windows, stage.since, step.standing.harmful)
        now = step.standing.beginning(stage.number, stage.since)
        if looks:
            now = now.after(looks[-1])
        following = self._following(step, live, now, looks)
        if following is None:
            self._publish(steps, now, experiment, looks)
            return now
        if not self._log.append(following):  # another run has been faster: it does all that follows
            return step.standing
        self._publish([*steps, following], following.standing, experiment, looks)
        self._finish(following)
        return following.standing

    def _following(self, step: Step, live: Live, now: Standing, looks: list[Look]) -> Step | None:
        if reason := disturbance(step, live):
            return invalid(step, now, reason, self._at)
        if not looks:
            return None
        return next_step(self._spec.policy, step, self._spec.rules.control, now, looks[-1].verdict, self._at)

    def _publish(self, steps: Sequence[Step], now: Standing, experiment: Experiment, looks: list[Look]) -> None:
        report = ExperimentReport(
            endpoint=self._spec.endpoint,
            name=self._spec.name,
            experiment=experiment,
            outcome=now.outcome,
            reason=now.reason,
            winner=now.winner,
            is_over=now.is_over,
            stage=now.stage,
            looks=looks,
            happened=[
                Happened(step.at, str(step.standing.outcome), f"{told_shares(step.weights)}: {step.standing.reason}")
                for step in steps[1:]
            ],
        )
        write(f"{self._spec.prefix}report.html", render_experiment_report(report).encode())
        write(f"{self._spec.prefix}status.json", now.model_dump_json(indent=2).encode())


def _new_stage(step: Step, live: Live, earliest: datetime) -> Stage:
    """Return the stage that begins with the endpoint's last change, after what was seen before."""
    weights = {name: weight for name, weight in step.weights.items() if weight > 0}
    return Stage(number=step.stage, since=max(live.modified_at, earliest), weights=weights)
