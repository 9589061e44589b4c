"""Section `batch_transform`: transform jobs that are watched in place of an endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from infra.config.base import KmsKeyArn, Name, Problem, S3Prefix, Section
from infra.config.schedule import HOUR

if TYPE_CHECKING:
    from infra.config.model import EndpointConfig


class BatchTransform(Section):
    """Transform jobs whose data capture has `GenerateInferenceId`."""

    name: Name
    """Names the jobs together, in metrics, alarms and reports, as its name does an endpoint."""
    model: Name | None = None
    """SageMaker model of the jobs, or the beginning of its name. Left out: jobs of any model that write to `output`."""
    captured: S3Prefix
    """`DestinationS3Uri` of the jobs' data capture, ending in `/`."""
    output: S3Prefix
    """`S3OutputPath` of the jobs, or what their paths have in common, ending in `/`."""
    kms_key: KmsKeyArn | None = None
    """Key that encrypts the captured data and the outputs."""
    start: Literal["job", "schedule", "both"] = "job"
    """What starts runs. `job`: each job that completes, for the window of the monitor's schedule in which it ended;
    `schedule`: the end of each window, for all jobs in it; `both`: first the one, then the other. Monitors that wait
    for labels always run by schedule."""

    @property
    def by_job(self) -> bool:
        """Whether a job that completes starts runs."""
        return self.start != "schedule"

    @property
    def by_schedule(self) -> bool:
        """Whether the end of a window starts runs."""
        return self.start != "job"


def batch_problems(config: EndpointConfig) -> Iterator[Problem]:
    """Yield what does not go together with transform jobs."""
    managed, batch = config.runtime.managed, config.batch_transform
    if batch is None:
        if "batch_transform" in managed.model_fields_set:
            yield ("runtime", "managed", "batch_transform"), "has no effect on an endpoint; remove it"
        return
    for name in sorted(config.capture.model_fields_set):
        yield ("capture", name), "has no effect on transform jobs, whose own settings say it; remove it"
    if config.retraining is not None and config.retraining.training is not None:
        yield (
            ("retraining", "training"),
            "the pipeline learns from what endpoints capture; give the ARN of your own pipeline instead",
        )
    for i, monitor in enumerate(config.monitors):
        if monitor.schedule.period_seconds < HOUR:
            yield (
                ("monitors", i, "schedule"),
                f"transform jobs file what they capture by the hour, got {monitor.schedule.text!r}; "
                "give hourly or longer windows",
            )
    if (config.processing or config.spark) and _bucket(batch.output) != _bucket(batch.captured):
        yield (
            ("batch_transform", "output"),
            "must be in the bucket of `captured` for jobs of `runtime.processing` or `runtime.spark`; "
            "let the transform jobs write there, or leave those sections out",
        )
    yield from _heartbeat_problems(config)


def _bucket(uri: str) -> str:
    return uri.removeprefix("s3://").partition("/")[0]


def _heartbeat_problems(config: EndpointConfig) -> Iterator[Problem]:
    """Yield limits for a heartbeat of runs that jobs start: nobody knows when the next is due."""
    text = "has no effect on runs that jobs start; add `batch_transform.start: both`, or remove it"
    unscheduled = [not config.is_scheduled(monitor) for monitor in config.monitors]
    if all(unscheduled) and "heartbeat_periods" in config.alarms.model_fields_set:
        yield ("alarms", "heartbeat_periods"), text
    for i, monitor in enumerate(config.monitors):
        if unscheduled[i] and monitor.alarm and "heartbeat_periods" in monitor.alarm.model_fields_set:
            yield ("monitors", i, "alarm", "heartbeat_periods"), text
