"""Fold the data of a pass for all its monitors: the same in a Lambda function and in a job."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.common.contract import Pass, PlannedRun
from functions.common.rows import Sources, read_rows
from monitoring_core.baseline_files import BaselineFiles
from monitoring_core.dataset import JoinReport, Quarantine
from monitoring_core.dataset.repetitions import Repetitions
from monitoring_core.engines.local import Failure, fold_all
from monitoring_core.engines.partial import Merged, Partial
from monitoring_core.fold import Fold
from monitoring_core.kinds import Against, fold_of

logger = logging.getLogger("watchkeeper.fold")


@dataclass(frozen=True, slots=True)
class Held:
    """A run, held against the baseline that it was planned with."""

    planned: PlannedRun
    baseline: BaselineFiles
    fold: Fold[Any]


def hold_runs(asked: Pass, load: Callable[[PlannedRun], BaselineFiles]) -> tuple[dict[str, Held], dict[str, Failure]]:
    """Hold each run against its baseline, which `load` finds; return by monitor those that can be held, and why not."""
    held, failures = {}, {}
    for planned in asked.runs:
        try:
            baseline = load(planned)
            fold = fold_of(planned.run.spec, Against(baseline.files, planned.plan.window.end))
            held[planned.run.monitor] = Held(planned, baseline, fold)
        except Exception as error:  # one monitor must not stop the others
            logger.exception("%s cannot be held against its baseline", planned.run.monitor)
            failures[planned.run.monitor] = Failure(type(error).__name__, str(error))
    return held, failures


@dataclass(frozen=True, slots=True)
class Shard:
    """What has become of the data of a pass, or of one shard of it.

    Attributes
    ----------
    states, failures : dict
        By the monitor's name, each held monitor in one of the two.
    label_quarantine : Quarantine
        Bad records among the labels, which every shard reads as a whole.
    """

    states: Mapping[str, Any]
    failures: Mapping[str, Failure]
    quarantine: Quarantine
    label_quarantine: Quarantine
    labels: JoinReport | None
    repetitions: Repetitions

    def whole(self) -> Merged:
        """Return it as all there is."""
        quarantine = self.label_quarantine.merge(self.quarantine)
        return Merged(self.states, quarantine, self.labels, self.failures, self.repetitions)

    def partial(self, held: Mapping[str, Held], failures: Mapping[str, Failure]) -> Partial:
        """Return what is handed to the one that concludes; `failures` are those of monitors that could not be held."""
        states = {name: held[name].fold.dump(state) for name, state in self.states.items()}
        told = {**self.failures, **failures}
        return Partial(states, self.quarantine, self.labels, self.label_quarantine, told, self.repetitions)


def fold_shard(held: Mapping[str, Held], planned: PlannedRun, sources: Sources) -> Shard:
    """Read the data of a pass, or one shard of it, once for all its monitors.

    Parameters
    ----------
    planned : PlannedRun
        Any run of the pass: what is read is the same for all.
    """
    quarantine, label_quarantine, failures = Quarantine(), Quarantine(), dict[str, Failure]()
    repetitions = Repetitions()
    rows = read_rows(planned, sources, quarantine, label_quarantine, repetitions)
    states = fold_all({name: one.fold for name, one in held.items()}, rows.batches, failures)
    return Shard(states, failures, quarantine, label_quarantine, rows.labels, repetitions)
