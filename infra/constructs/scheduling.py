"""EventBridge schedules that start one function or state machine, with one role and one way to fail."""

from __future__ import annotations

from typing import Final

from aws_cdk import aws_scheduler, aws_sqs
from constructs import Construct, IDependable

from infra.constructs.permissions import Grant, service_role, use_key

SCHEDULED_TIME: Final = "<aws.scheduler.scheduled-time>"
"""In the input of a schedule: EventBridge puts the time in its place for which a start was due."""
_Schedule = aws_scheduler.CfnSchedule


class Scheduler:
    """Starts one target by the clock (UTC); a start that cannot be delivered ends in the dead-letter queue.

    Parameters
    ----------
    scope : Construct
        Where role and schedules are declared.
    role_id : str
        Construct id of the role, which may do nothing else.
    start : Grant
        The action that starts the target, on its ARN alone.
    key : str
        ARN of the key that encrypts the schedules and the queue.
    """

    def __init__(self, scope: Construct, role_id: str, *, start: Grant, key: str, dead_letters: aws_sqs.IQueue) -> None:
        self._scope, self._key, self._dead_letters = scope, key, dead_letters.queue_arn
        (self._target,) = start.resources
        grants = [start, Grant(("sqs:SendMessage",), (self._dead_letters,)), use_key(key)]
        self._role = service_role(scope, role_id, "scheduler", grants)

    def add(
        self,
        construct_id: str,
        *,
        description: str,
        expression: str,
        message: str,
        max_age_seconds: int,
        attempts: int,
        within_minutes: int | None = None,
        after: tuple[IDependable, ...] = (),
    ) -> None:
        """Declare one schedule.

        Parameters
        ----------
        expression : str
            ``cron(...)`` or ``rate(...)`` of EventBridge Scheduler.
        message : str
            What the target is given: JSON, in which `SCHEDULED_TIME` is replaced.
        max_age_seconds, attempts : int
            When to give up a start that fails: it is old, or was tried so often again.
        within_minutes : int, optional
            EventBridge may choose the moment within so many minutes; else it is exact.
        after : tuple of IDependable
            What has to be there before the first start.
        """
        schedule = _Schedule(
            self._scope,
            construct_id,
            description=description,
            schedule_expression=expression,
            schedule_expression_timezone="UTC",
            flexible_time_window=_window(within_minutes),
            kms_key_arn=self._key,
            target=_Schedule.TargetProperty(
                arn=self._target,
                role_arn=self._role.role_arn,
                input=message,
                dead_letter_config=_Schedule.DeadLetterConfigProperty(arn=self._dead_letters),
                retry_policy=_Schedule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=max_age_seconds, maximum_retry_attempts=attempts
                ),
            ),
        )
        schedule.node.add_dependency(self._role, *after)


def _window(minutes: int | None) -> aws_scheduler.CfnSchedule.FlexibleTimeWindowProperty:
    mode = "OFF" if minutes is None else "FLEXIBLE"
    return _Schedule.FlexibleTimeWindowProperty(mode=mode, maximum_window_in_minutes=minutes)
