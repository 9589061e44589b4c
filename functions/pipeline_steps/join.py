"""Join captured requests with their labels and split them by time."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitoring_core.dataset.capture import CapturedEvent
from monitoring_core.dataset.ground_truth import GroundTruth
from monitoring_core.errors import NoDataError

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LabelledRequest:
    """One request with the labels of its rows; rows without a label are left out.

    Attributes
    ----------
    event_id : str
        Id that joined it.
    time : datetime
        When it was answered, UTC.
    rows : tuple of tuple of str
        Features of each row, in request order; empty text is missing.
    labels : tuple of str
        Label of each row.
    """

    event_id: str
    time: datetime
    rows: tuple[Row, ...]
    labels: tuple[str, ...]


@dataclass(slots=True)
class JoinReport:
    """What became of every captured event and every label."""

    events: int = 0
    """Captured events that were read."""
    repeated: int = 0
    """Events captured more than once; the first copy counts."""
    faulty: int = 0
    """Events of times at which a monitor found the data to be wrong."""
    without_label: int = 0
    """Events for which no label has come."""
    row_mismatch: int = 0
    """Events whose labels are not as many as their rows; they are not used."""
    labelled_events: int = 0
    """Events that are used."""
    labelled_rows: int = 0
    """Rows that are used."""
    unlabelled_rows: int = 0
    """Rows of used events that have no label; they are left out."""
    labels_without_event: int = 0
    """Labels whose event was not captured, is too old or not old enough, or of a time at which the data were wrong."""
    repeated_labels: int = 0
    """Labels given again for the same event; the last one counts."""


def join(
    events: Iterable[CapturedEvent], truth: GroundTruth, features: Sequence[str], faulty: Container[datetime] = ()
) -> tuple[list[LabelledRequest], JoinReport]:
    """Pair each captured event with its labels (contract 2.2).

    Parameters
    ----------
    faulty : container of datetime
        Times at which the data were wrong: events of these are left out.

    Returns
    -------
    list of LabelledRequest
        By time.
    JoinReport
        Counts that add up: ``events = repeated + faulty + without_label + row_mismatch + labelled_events``.
    """
    report = JoinReport(repeated_labels=truth.duplicates)
    seen: set[str] = set()
    used: set[str] = set()
    joined: list[LabelledRequest] = []
    for event in events:
        report.events += 1
        labels = truth.labels.get(event.join_id)
        if event.event_id in seen:
            report.repeated += 1
        elif event.time in faulty:
            report.faulty += 1
        elif labels is None:
            report.without_label += 1
        elif len(labels) != len(event.input_rows):
            report.row_mismatch += 1
        else:
            joined.append(_labelled(event, labels, features))
            used.add(event.join_id)
            report.labelled_events += 1
            report.labelled_rows += len(joined[-1].labels)
            report.unlabelled_rows += len(labels) - len(joined[-1].labels)
        seen.add(event.event_id)
    report.labels_without_event = len(truth.labels.keys() - used)
    return sorted(joined, key=lambda request: (request.time, request.event_id)), report


def split_by_time(
    requests: Sequence[LabelledRequest], holdout_share: float
) -> tuple[list[LabelledRequest], list[LabelledRequest]]:
    """Split into older requests, to train on, and the most recent ones, to compare on.

    The cut lies between two times, so nothing in the first part is as recent as anything in the second: a model cannot
    have seen what it is compared on, nor its neighbours.

    Parameters
    ----------
    requests : sequence of LabelledRequest
        By time.
    holdout_share : float
        Smallest share of the rows that is held out, in (0, 1).

    Raises
    ------
    NoDataError
        If all requests have the same time, so that no cut is possible.
    """
    wanted = holdout_share * sum(len(request.labels) for request in requests)
    held = 0
    for i in range(len(requests) - 1, 0, -1):
        held += len(requests[i].labels)
        if held >= wanted and requests[i - 1].time < requests[i].time:
            return list(requests[:i]), list(requests[i:])
    raise NoDataError(
        f"{len(requests)} labelled requests cannot be split by time with {holdout_share:.0%} held out; "
        "wait for more labels"
    )


def _labelled(event: CapturedEvent, labels: Sequence[str | None], features: Sequence[str]) -> LabelledRequest:
    pairs = [(_row(row, features), label) for row, label in zip(event.input_rows, labels, strict=True)]
    known = [(row, label) for row, label in pairs if label is not None]
    assert event.time is not None  # noqa: S101 - events without a time do not pass the window
    return LabelledRequest(
        event.join_id, event.time, tuple(row for row, _ in known), tuple(label for _, label in known)
    )


def _row(row: Mapping[str, str | None], features: Sequence[str]) -> Row:
    return tuple(row.get(name) or "" for name in features)
