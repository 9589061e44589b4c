"""Replay of the year in simulated time: requests when they were made, labels when they were known."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pandas as pd

from examples.flights.cloud import upload
from examples.flights.data import Request, ground_truth, requests
from localaws.account import LocalAccount

TRAINING_START = datetime(2013, 1, 1, tzinfo=UTC)
LIVE_START = datetime(2013, 4, 1, tzinfo=UTC)
LIVE_DAYS = 63
FAULT_START = datetime(2013, 4, 9, tzinfo=UTC)
FAULT_DAYS = 4
LABEL_HOUR = 6
DAY = timedelta(days=1)


def distances_are_in_kilometres(time: datetime) -> bool:
    """Whether the injected fault is on: from 9 to 12 April an upstream job sends kilometres.

    Examples
    --------
    >>> distances_are_in_kilometres(FAULT_START), distances_are_in_kilometres(FAULT_START + 4 * DAY)
    (True, False)
    """
    return FAULT_START <= time < FAULT_START + FAULT_DAYS * DAY


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the outside world does.

    Attributes
    ----------
    time : datetime
        When.
    request : Request or None
        The call of the endpoint; None: the labels of the day before arrive.
    """

    time: datetime
    request: Request | None = None


def steps(flights: pd.DataFrame) -> Iterator[Step]:
    """Yield requests, and label deliveries on the morning after each day, in order of time."""
    first, last = (moment.floor("D").to_pydatetime() for moment in (flights["time"].min(), flights["time"].max()))
    mornings = (last - first) // DAY + 1
    calls = (Step(request.time, request) for request in requests(flights, distances_are_in_kilometres))
    deliveries = (Step(first + day * DAY + timedelta(hours=LABEL_HOUR)) for day in range(1, mornings + 1))
    yield from heapq.merge(calls, deliveries, key=lambda step: step.time)


class Replay:
    """Sends the live traffic of the example to a deployed endpoint.

    Parameters
    ----------
    labels_beside_events : bool
        Put labels into the folder of the day of their events, where Model Monitor looks for them, and not into that
        of the hour at which they come.

    Attributes
    ----------
    rows : int
        Flights sent so far.
    calls : int
        Calls of the endpoint so far.
    """

    def __init__(
        self, account: LocalAccount, endpoint: str, ground_truth_prefix: str, *, labels_beside_events: bool = False
    ) -> None:
        self._account, self._endpoint, self._ground_truth_prefix = account, endpoint, ground_truth_prefix
        self._labels_beside_events = labels_beside_events
        self._runtime = account.client("sagemaker-runtime")
        self._unlabelled: list[Request] = []
        self.rows = self.calls = 0

    def run(self, flights: pd.DataFrame, on_day: Callable[[datetime], None]) -> None:
        """Replay all `flights`; `on_day` is told the simulated time whenever a new morning's labels are in."""
        for step in steps(flights):
            self._account.advance_to(step.time)
            if step.request is not None:
                self._invoke(step.request)
            else:
                self._deliver_labels(step.time)
                on_day(step.time)

    def _invoke(self, request: Request) -> None:
        answer = self._runtime.invoke_endpoint(
            EndpointName=self._endpoint,
            ContentType="text/csv",
            Accept="text/csv",
            InferenceId=request.inference_id,
            Body=request.body.encode(),
        )
        lines = answer["Body"].read().split()
        if len(lines) != len(request.labels):
            raise RuntimeError(f"asked about {len(request.labels)} flights, got {len(lines)} answers")
        self.rows, self.calls = self.rows + len(lines), self.calls + 1
        self._unlabelled.append(request)

    def _deliver_labels(self, time: datetime) -> None:
        """Upload what has become known: the labels of all days before today."""
        today = time.replace(hour=0)
        known = [request for request in self._unlabelled if request.time < today]
        self._unlabelled = [request for request in self._unlabelled if request.time >= today]
        if known:
            lines = "\n".join(map(ground_truth, known)) + "\n"
            folder = today - DAY if self._labels_beside_events else time
            upload(self._account, f"{self._ground_truth_prefix}{folder:%Y/%m/%d/%H}/0000.jsonl", lines.encode())
