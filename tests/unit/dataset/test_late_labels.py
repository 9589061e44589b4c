"""Which past windows late labels reopen, and how revisions are told apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitoring_core.dataset.late_labels import (
    LabelArrival,
    labels_digest,
    revision_of,
    revision_prefix,
    windows_to_reopen,
)
from monitoring_core.window import Window

START = datetime(2024, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def day_of(time: datetime) -> Window:
    start = time.replace(hour=0, minute=0, second=0, microsecond=0)
    return Window(start, start + timedelta(days=1))


def reopened(*arrivals: LabelArrival, lag: int = 26, horizon: int = 96) -> list[str]:
    windows = windows_to_reopen(arrivals, day_of, lag=lag * HOUR, horizon=horizon * HOUR)
    return [f"{window.start:%d}" for window in windows]


def test_labels_that_the_first_run_has_read_reopen_nothing() -> None:
    assert reopened(LabelArrival(START + 49 * HOUR, START)) == []


def test_labels_of_the_hour_of_the_first_run_and_later_reopen_the_window_of_their_event() -> None:
    assert reopened(LabelArrival(START + 50 * HOUR, START + 23 * HOUR)) == ["01"]
    assert reopened(LabelArrival(START + 51 * HOUR, START + 24 * HOUR)) == []


def test_an_hour_that_was_not_over_at_the_first_run_reopens_too() -> None:
    windows = windows_to_reopen(
        [LabelArrival(START + 49 * HOUR, START)], day_of, lag=timedelta(hours=25, minutes=30), horizon=96 * HOUR
    )
    assert windows == (day_of(START),)


def test_windows_older_than_the_horizon_stay_closed() -> None:
    assert reopened(LabelArrival(START + 120 * HOUR, START)) == ["01"]
    assert reopened(LabelArrival(START + 121 * HOUR, START)) == []


def test_labels_of_unknown_events_reopen_every_window_that_may_be_theirs() -> None:
    assert reopened(LabelArrival(START + 120 * HOUR)) == ["01", "02", "03"]


def test_each_window_is_reopened_once_in_order() -> None:
    late = START + 90 * HOUR
    assert reopened(
        LabelArrival(late, START + 30 * HOUR), LabelArrival(late, START), LabelArrival(late, START + HOUR)
    ) == ["01", "02"]


@given(st.lists(st.tuples(st.text(), st.text()), unique=True), st.randoms())
def test_a_digest_knows_no_order(objects: list[tuple[str, str]], random: object) -> None:
    shuffled = list(objects)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert labels_digest(shuffled) == labels_digest(objects)
    assert labels_digest([*objects, ("new", "object")]) != labels_digest(objects) or ("new", "object") in objects


def test_the_same_labels_are_the_same_revision_and_others_the_next() -> None:
    digests = [labels_digest([("a", "1")]), labels_digest([("a", "1"), ("b", "1")])]
    assert [revision_of(digest, digests) for digest in digests] == [1, 2]
    assert revision_of(labels_digest([("a", "2")]), digests) == 3
    assert [revision_prefix("r/", number) for number in (1, 2)] == ["r/", "r/rev-2/"]
