"""The flights as training set, traffic and labels."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pandas as pd

from examples.flights.cloud import held_out_of_training
from examples.flights.data import FEATURES, LABEL, between, ground_truth, requests
from examples.flights.replay import FAULT_START, LIVE_START, TRAINING_END, TRAINING_START, Routine, steps
from infra.config import load_config
from monitoring_core.dataset.batch import TypeCode
from monitoring_core.dataset.types import infer_type

DAY = timedelta(days=1)


def rows_of(body: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body)))


def test_the_whole_year_is_there(flights: pd.DataFrame) -> None:
    assert len(flights) == 336_776
    assert list(flights.columns) == ["time", *FEATURES, LABEL]
    assert flights["time"].is_monotonic_increasing


def test_validation_days_are_whole_and_spread_over_the_training_months(flights: pd.DataFrame) -> None:
    history = between(flights, TRAINING_START, TRAINING_END)
    held_out = held_out_of_training(history)
    days = history["time"].dt.floor("D")
    assert set(days[held_out]) & set(days[~held_out]) == set()
    assert days[held_out].nunique() == 18
    assert days[held_out].min() == pd.Timestamp("2013-01-05", tz="UTC")


def test_cancelled_flights_count_as_late(flights: pd.DataFrame) -> None:
    # 8 and 9 February 2013: a blizzard closed the airports
    storm = between(flights, datetime(2013, 2, 8, 18, tzinfo=UTC), datetime(2013, 2, 9, 18, tzinfo=UTC))
    assert storm[LABEL].mean() > 0.9
    assert set(flights[LABEL].unique()) == {0, 1}


def test_a_request_holds_the_flights_of_one_hour_in_the_order_of_its_labels(flights: pd.DataFrame) -> None:
    day = between(flights, LIVE_START, LIVE_START + DAY)
    calls = list(requests(day))
    assert sum(len(call.labels) for call in calls) == len(day)
    assert [label for call in calls for label in call.labels] == day[LABEL].tolist()
    assert all(len(rows_of(call.body)) == len(call.labels) for call in calls)
    assert calls[0].inference_id == "2013-05-13T00:00"


def test_an_hour_can_be_asked_about_minute_by_minute_and_nothing_is_lost(flights: pd.DataFrame) -> None:
    for call in requests(between(flights, LIVE_START, LIVE_START + DAY)):
        parts = list(call.by_minute())
        assert "".join(part.body for part in parts) == call.body
        assert [label for part in parts for label in part.labels] == list(call.labels)
        assert len({part.inference_id for part in parts}) == len(parts) == min(60, len(call.labels))
        assert all(call.time <= part.time < call.time + timedelta(hours=1) for part in parts)


def test_whole_numbers_stay_whole_and_missing_values_stay_missing(flights: pd.DataFrame) -> None:
    wanted = {"carrier": TypeCode.STRING, "origin": TypeCode.STRING, "sched_hour": TypeCode.INTEGRAL}
    wanted |= {"distance": TypeCode.INTEGRAL}
    april = between(flights, TRAINING_END, TRAINING_END + 30 * DAY)
    seen: dict[str, set[TypeCode]] = {name: set() for name in FEATURES}
    for call in requests(april, lambda time: time.day == 9):
        for row in rows_of(call.body):
            for name, text in zip(FEATURES, row, strict=True):
                seen[name].add(infer_type(text))
    for name in FEATURES:
        assert seen[name] - {TypeCode.MISSING} == {wanted.get(name, TypeCode.FRACTIONAL)}, name
    assert TypeCode.MISSING in seen["temp"]


def test_the_fault_takes_the_humidity_and_nothing_else(flights: pd.DataFrame) -> None:
    hour = between(flights, FAULT_START + timedelta(hours=12), FAULT_START + timedelta(hours=13))
    (good,), (bad,) = requests(hour), requests(hour, lambda _: True)
    humid = FEATURES.index("humid")
    for before, after in zip(rows_of(good.body), rows_of(bad.body), strict=True):
        assert before[:humid] + before[humid + 1 :] == after[:humid] + after[humid + 1 :]
        assert (before[humid] != "", after[humid]) == (True, "")


def test_labels_come_on_the_morning_after(flights: pd.DataFrame) -> None:
    two_days = list(steps(between(flights, LIVE_START, LIVE_START + 2 * DAY)))
    assert [step.time for step in two_days] == sorted(step.time for step in two_days)
    deliveries = [step.time for step in two_days if step.what is Routine.LABELS]
    assert deliveries == [LIVE_START + timedelta(hours=30), LIVE_START + timedelta(hours=54)]


def test_a_person_reads_the_mail_each_day_before_the_flights_of_that_hour(flights: pd.DataFrame) -> None:
    day = list(steps(between(flights, LIVE_START, LIVE_START + DAY)))
    (mail,) = (number for number, step in enumerate(day) if step.what is Routine.MAIL)
    assert day[mail].time == day[mail + 1].time == LIVE_START + timedelta(hours=13)


def test_ground_truth_has_amazons_format(flights: pd.DataFrame) -> None:
    call = next(requests(between(flights, LIVE_START, LIVE_START + DAY)))
    record = json.loads(ground_truth(call))
    assert record["eventMetadata"] == {"eventId": call.inference_id}
    assert record["groundTruthData"]["data"].split("\n") == [str(label) for label in call.labels]


def test_the_configuration_names_the_columns_of_the_traffic() -> None:
    config = load_config("examples/flights/monitoring.yaml")
    assert config.columns.features == FEATURES
    assert config.data_schema.label == LABEL
