"""Executions in the background, each of which runs once: in its turn, or earlier where another one waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

from localaws.work import WorkQueue


class Executions:
    """What has been started and not yet run.

    The queue runs one job at a time, so an execution that waits for another one in the queue would wait for ever:
    it runs the other one itself.

    Parameters
    ----------
    work : WorkQueue
        Runs executions that nobody waits for, in the order in which they were started.
    """

    def __init__(self, work: WorkQueue) -> None:
        self._work = work
        self._waiting: dict[str, Callable[[], object]] = {}
        self._lock = threading.Lock()

    def start(self, arn: str, logic: Callable[[], object]) -> None:
        """Let the execution `arn` run in the background."""
        with self._lock:
            self._waiting[arn] = logic
        self._work.submit("state machine execution", partial(self.run, arn))

    def run(self, arn: str) -> None:
        """Run the execution `arn` to its end, unless it has been run already."""
        with self._lock:
            logic = self._waiting.pop(arn, None)
        if logic is not None:
            logic()
