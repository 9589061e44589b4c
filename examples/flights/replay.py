"""Replay of the year in simulated time: requests when they were made, labels when they were known, people at work."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto

import pandas as pd

from examples.flights.cloud import upload
from examples.flights.data import Request, ground_truth, requests
from examples.flights.person import Person
from localaws.account import LocalAccount

TRAINING_START = datetime(2013, 1, 1, tzinfo=UTC)
TRAINING_END = datetime(2013, 4, 1, tzinfo=UTC)
LIVE_START = datetime(2013, 5, 13, tzinfo=UTC)
LIVE_DAYS = 31
FAULT_START = datetime(2013, 6, 5, tzinfo=UTC)
FAULT_DAYS = 4
LABEL_HOUR = 6
OFFICE_HOUR = 13
"""Nine in the morning in New York."""
DAY = timedelta(days=1)


def humidity_is_lost(time: datetime) -> bool:
    """Whether the injected fault is on: from 5 to 8 June the join with the weather finds no humidity.

    Examples
    --------
    >>> humidity_is_lost(FAULT_START), humidity_is_lost(FAULT_START + 4 * DAY)
    (True, False)
    """
    return FAULT_START <= time < FAULT_START + FAULT_DAYS * DAY


class Routine(Enum):
    """What is done every day."""

    LABELS = auto()
    """What happened to the flights of the day before is known."""
    MAIL = auto()
    """A person reads the mail."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the outside world does.

    Attributes
    ----------
    time : datetime
        When.
    what : Request or Routine
        A call of the endpoint, or something else.
    """

    time: datetime
    what: Request | Routine


def steps(flights: pd.DataFrame) -> Iterator[Step]:
    """Yield requests, mail, and the labels on the morning after each day, in order of time."""
    first, last = (moment.floor("D").to_pydatetime() for moment in (flights["time"].min(), flights["time"].max()))
    days = (last - first) // DAY + 1
    calls = (Step(request.time, request) for request in requests(flights, humidity_is_lost))
    labels = _daily(Routine.LABELS, first + timedelta(hours=LABEL_HOUR), range(1, days + 1))
    mail = _daily(Routine.MAIL, first + timedelta(hours=OFFICE_HOUR), range(days))
    yield from heapq.merge(labels, mail, calls, key=lambda step: step.time)


def _daily(what: Routine, first: datetime, days: Iterable[int]) -> Iterator[Step]:
    return (Step(first + day * DAY, what) for day in days)


class Replay:
    """Sends the live traffic of the example to a deployed endpoint.

    While a new model comes into service, a canary first, flights are asked about one by one rather than by the hour:
    a tenth of them then meets it.

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
        self,
        account: LocalAccount,
        endpoint: str,
        ground_truth_prefix: str,
        person: Person,
        *,
        labels_beside_events: bool = False,
    ) -> None:
        self._account, self._endpoint, self._ground_truth_prefix = account, endpoint, ground_truth_prefix
        self._person = person
        self._labels_beside_events = labels_beside_events
        self._runtime = account.client("sagemaker-runtime")
        self._unlabelled: list[Request] = []
        self.rows = self.calls = 0

    def run(self, flights: pd.DataFrame, on_day: Callable[[datetime], None]) -> None:
        """Replay all `flights`; `on_day` is told the simulated time whenever a new morning's labels are in."""
        for step in steps(flights):
            self._account.advance_to(step.time)
            match step.what:
                case Request():
                    self._send(step.what)
                case Routine.LABELS:
                    self._deliver_labels(step.time)
                    on_day(step.time)
                case Routine.MAIL:
                    self._person.read_mail()

    def _send(self, request: Request) -> None:
        if not self._person.sees_a_deployment:
            self._invoke(request)
            return
        for part in request.by_minute():
            self._account.advance_to(part.time)
            self._invoke(part)

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
