"""Lambda handler: finished executions of Model Monitor become runs like those of every other runtime.

Started by the end of a processing job, and by a schedule: events can be lost, and an execution that finds no data
starts no job at all. An execution whose run has a manifest already is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import Field

from functions.common.contract import RunSpec, Utc
from functions.common.storage import MANIFEST, read_if_present
from functions.managed_result.executions import Job, executions
from functions.managed_result.run import ManagedRun, publish_input
from monitoring_core.spec import Frozen

LOOK_BACK: Final = timedelta(days=7)
"""Executions that were due longer ago are not looked for."""

logger = Logger(service="managed_result")
tracer = Tracer(service="managed_result")


class ManagedResultInput(Frozen):
    """Input: every managed monitor by name, and what started the function.

    Attributes
    ----------
    event : dict
        The event of a processing job, or ``{"poll": true}``.
    started_at : datetime
        When the state machine was started.
    """

    runs: dict[str, RunSpec]
    event: dict[str, Any] = Field(min_length=1)
    started_at: Utc


@logger.inject_lambda_context
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Return what Publish takes, one item for each execution that is new: ``{"passes": [...]}``."""
    asked = ManagedResultInput.model_validate(event)
    passes = [publish_input(run, asked.started_at) for run in _finished(asked)]
    logger.info("read", extra={"executions": [one.id for one in passes]})
    return {"passes": [one.model_dump(mode="json", by_alias=True) for one in passes]}


def _finished(asked: ManagedResultInput) -> Iterator[ManagedRun]:
    detail = asked.event.get("detail", {})
    job = Job.named(detail["ProcessingJobName"]) if "ProcessingJobName" in detail else None
    for run in asked.runs.values():
        if job is None or job.schedule == run.schedule.lower():
            yield from _new(run, job, asked.started_at - LOOK_BACK)


def _new(run: RunSpec, job: Job | None, since: datetime) -> Iterator[ManagedRun]:
    for found in executions(run.schedule, since):
        execution = found.seen_with(job)
        if not execution.is_over:
            continue
        managed = ManagedRun.of(run, execution)
        if read_if_present(run.report_prefix(managed.window) + MANIFEST) is None:
            yield managed
