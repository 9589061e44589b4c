"""The moment that a run's metrics carry, and how long CloudWatch takes them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

BEFORE_END: Final = timedelta(minutes=1)
OLDEST: Final = timedelta(days=14)
"""CloudWatch ignores datapoints with older time stamps."""


def metric_time(due: datetime, job_end: datetime | None = None) -> datetime:
    """Return the time stamp of the run metrics: the minute before the run was due, so the last minute of its window.

    A run that waits for labels is due later; its metrics then carry the last minute of the window at that time. A run
    that a transform job has started comes before its window is over: its metrics carry the job's end, because
    CloudWatch takes nothing that lies more than 2 hours ahead.

    It follows from window and job alone, so that a run that is published twice has one time. It is not the window's
    start: what is already 3 hours old when it arrives can be read up to 2 hours later, what is 24 hours old up to 48
    hours later, and an alarm on daily windows would ring days late. It is not the window's end either, which belongs
    to the next window.

    References
    ----------
    .. [1] Amazon CloudWatch API Reference, ``PutMetricData``.

    Examples
    --------
    >>> from datetime import UTC
    >>> str(metric_time(datetime(2013, 4, 2, tzinfo=UTC)))
    '2013-04-01 23:59:00+00:00'
    """
    last = due - BEFORE_END
    return last if job_end is None else min(last, job_end)


def refusal(due: datetime, started_at: datetime | None) -> str:
    """Say why CloudWatch would take no metrics of a run that started at `started_at`; empty where it takes them.

    Examples
    --------
    >>> from datetime import UTC
    >>> due = datetime(2013, 4, 2, tzinfo=UTC)
    >>> refusal(due, datetime(2013, 4, 15, tzinfo=UTC))
    ''
    >>> refusal(due, datetime(2013, 4, 16, tzinfo=UTC))[:70]
    'the run has no metrics: it started more than 14 days after it was due,'
    """
    if started_at is None or started_at - metric_time(due) <= OLDEST:
        return ""
    return (
        f"the run has no metrics: it started more than {OLDEST.days} days after it was due, and CloudWatch takes "
        "nothing older; see the report and the history table"
    )
