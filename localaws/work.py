"""Deliveries that AWS makes in the background, made here one after the other in the order they were asked for."""

from __future__ import annotations

import queue
import threading
import traceback
from collections.abc import Callable

from localaws.journal import Journal


class WorkQueue:
    """A background worker.

    One thread, first in first out: the same inputs give the same order of events. A job must not wait for another job.

    Parameters
    ----------
    journal : Journal
        Where a job that raises is written down; nothing fails in silence.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._jobs: queue.Queue[tuple[str, Callable[[], object]]] = queue.Queue()
        self._elsewhere: list[Callable[[], bool]] = []
        threading.Thread(target=self._run, name="localaws-work", daemon=True).start()

    def submit(self, what: str, job: Callable[[], object]) -> None:
        """Run `job` in the background; `what` names it if it fails."""
        self._jobs.put((what, job))

    def also_settle(self, settle: Callable[[], bool]) -> None:
        """Let `settle` take part: it waits for work in threads of its own, and tells whether there was any."""
        self._elsewhere.append(settle)

    def settle(self) -> None:
        """Wait until there is nothing left to do, including what the jobs themselves set off."""
        self._jobs.join()
        while any([settle() for settle in self._elsewhere]) or self._jobs.unfinished_tasks:  # noqa: C419 - call each
            self._jobs.join()

    def _run(self) -> None:
        while True:
            what, job = self._jobs.get()
            try:
                job()
            except Exception as error:  # whatever went wrong is written down, and the next job runs
                self._journal.write("failure", what, error=repr(error), trace=traceback.format_exc())
            finally:
                self._jobs.task_done()
