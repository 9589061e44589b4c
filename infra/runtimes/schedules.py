"""EventBridge schedules: one for all monitors that are due at the same times."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Final

from aws_cdk import CustomResource, aws_sqs, aws_stepfunctions
from constructs import Construct

from infra.config import EndpointConfig
from infra.config.monitors import Monitor
from infra.config.schedule import Schedule
from infra.constructs.permissions import Grant
from infra.constructs.scheduling import SCHEDULED_TIME, Scheduler
from infra.constructs.storage import Storage

_MAX_EVENT_AGE_SECONDS: Final = 86_400
_DESCRIPTION_LIMIT: Final = 512


class Schedules(Construct):
    """Start the state machine when windows are over, and again when late labels have come.

    Parameters
    ----------
    baselines : mapping of str to CustomResource
        By monitor; nothing is started before they are made.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: EndpointConfig,
        storage: Storage,
        machine: aws_stepfunctions.StateMachine,
        baselines: Mapping[str, CustomResource],
        dead_letters: aws_sqs.IQueue,
    ) -> None:
        super().__init__(scope, construct_id)
        self._config, self._baselines = config, baselines
        start = Grant(("states:StartExecution",), (machine.state_machine_arn,))
        self._scheduler = Scheduler(self, "Role", start=start, key=storage.key.key_arn, dead_letters=dead_letters)
        monitors = [monitor for monitor in config.own_monitors if config.is_scheduled(monitor)]
        for times, due in self._together(monitors).items():
            self._schedule(times, due)
        if config.ground_truth.final_after:
            for times, due in self._together([monitor for monitor in monitors if monitor.needs_labels]).items():
                self._schedule(times, due, final=True)

    def _together(self, monitors: Iterable[Monitor]) -> dict[Schedule, list[str]]:
        """Group the names of monitors that are due at the same times, in the words of the first."""
        groups: dict[str, tuple[Schedule, list[str]]] = {}
        for monitor in monitors:
            times = self._config.starts(monitor)
            groups.setdefault(times.scheduler_expression, (times, []))[1].append(monitor.name)
        return dict(groups.values())

    def _schedule(self, times: Schedule, names: list[str], *, final: bool = False) -> None:
        """Start the runs of monitors with equal windows, or with `final` those on late labels."""
        asked = {"monitors": names, "scheduled_time": SCHEDULED_TIME} | ({"final": True} if final else {})
        late = ", on late labels" if final else ""
        description = f"{self._config.name}, {times.text}{late}: {', '.join(names)}"
        self._scheduler.add(
            f"{_times(times)}{'-final' if final else ''}",
            description=description[:_DESCRIPTION_LIMIT],
            expression=times.scheduler_expression,
            message=json.dumps(asked),
            max_age_seconds=min(times.period_seconds // 2, _MAX_EVENT_AGE_SECONDS),
            attempts=10,
            after=tuple(self._baselines[name] for name in names),
        )


def _times(schedule: Schedule) -> str:
    """Name the times of a schedule; other words for the same times have the same name."""
    return f"Every{schedule.period_seconds}-{schedule.offset_seconds}-{schedule.delay_seconds}"
