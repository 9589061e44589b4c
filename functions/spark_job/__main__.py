"""``python -m functions.spark_job``: fold a planned pass on Spark, on all hosts of a processing job.

Every host runs this; the first one drives, the others work for it.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pyspark.errors import PythonException
from pyspark.sql import SparkSession

from functions.analyzer.job.tree import JobTree
from functions.common.exit_message import MESSAGE_FILE, answer
from functions.common.folding import hold_runs
from functions.common.privileges import give_up_root
from functions.spark_job.cluster import Hosts, driving, serve
from functions.spark_job.folding import Work, fold_pass
from functions.spark_job.objects import Objects
from functions.spark_job.session import open_session, set_environment
from monitoring_core.engines.partial import Partial
from monitoring_core.errors import WatchkeeperError

logger = logging.getLogger("watchkeeper.spark")


class TaskError(WatchkeeperError):
    """A task on Spark failed."""


def main(environment: Mapping[str, str]) -> int:
    """Return the exit code: 0 completed, 255 failed; the exit message says which, and why."""
    message_file = Path(environment.get("output_message_file") or MESSAGE_FILE)
    return answer(message_file, lambda: _do(JobTree(message_file.parents[1])), logger)


def _do(tree: JobTree) -> str:
    hosts = Hosts.read(tree.root)
    set_environment()
    if hosts.is_driver:
        return drive(tree, hosts)
    serve(hosts)
    return ""  # the driver speaks for the job


def drive(tree: JobTree, hosts: Hosts) -> str:
    """Fold the pass of the job; return a sentence about it.

    A monitor that cannot be computed is told in the partial and does not stop the others.
    """
    with driving(hosts):
        asked = tree.planned()
        objects = Objects.of(asked.runs[0])
        held, failures = hold_runs(asked, tree.baseline)
        work = Work(asked.id, asked, {name: one.baseline for name, one in held.items()}, objects.labels)
        with open_session(hosts) as session:
            partial = _fold(session, work, objects)
    partial = replace(partial, failures={**partial.failures, **failures})
    path = tree.write_partial(partial.dump())
    told = "".join(f"; {name} failed: {failure.error}: {failure.message}" for name, failure in partial.failures.items())
    return f"Completed: {len(partial.states)} of {len(asked.runs)} monitors folded into {path.name}{told}"


def _fold(session: SparkSession, work: Work, objects: Objects) -> Partial:
    """Fold; a task's error is told by its last line, the rest of it is Spark's."""
    try:
        return fold_pass(session, work, objects)
    except PythonException as error:
        logger.exception("a task failed")
        raise TaskError(last_line(str(error))) from error


def last_line(message: str) -> str:
    r"""Return the last line of a traceback: the error itself.

    Examples
    --------
    >>> last_line("Traceback (most recent call last):\n ...\nValueError: no such thing\n")
    'ValueError: no such thing'
    """
    return message.rstrip().rpartition("\n")[2]


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    give_up_root(os.environ)
    raise SystemExit(main(os.environ))
