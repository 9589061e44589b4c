from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring_core.alarms import AlarmDefinition, AlarmState, Datum, MetricStat, MetricStore, evaluate
from monitoring_core.errors import ConfigError, DataError

NOW = datetime(2019, 10, 2, 17, 4, 40, 985_000, tzinfo=UTC)
INITIAL = AlarmState.initial(NOW - timedelta(days=1))
NAMESPACE = "aws/sagemaker/Endpoints/data-metrics"
DIMENSIONS = {"Endpoint": "ep", "MonitoringSchedule": "sch"}


def alarm(**changes: Any) -> AlarmDefinition:
    api = {
        "AlarmName": "drift-age",
        "Namespace": NAMESPACE,
        "MetricName": "feature_baseline_drift_age",
        "Dimensions": [{"Name": name, "Value": value} for name, value in DIMENSIONS.items()],
        "Statistic": "Maximum",
        "Period": 300,
        "EvaluationPeriods": 1,
        "DatapointsToAlarm": 1,
        "Threshold": 0.1,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "missing",
    }
    return AlarmDefinition.from_api({key: value for key, value in (api | changes).items() if value is not None})


def store(*values: float | None, step: int = 300, dimensions: dict[str, str] | None = None) -> MetricStore:
    """One value a period, the newest last, the newest period ending at 17:04."""
    newest = datetime(2019, 10, 2, 17, 4, tzinfo=UTC) - timedelta(seconds=step)
    times = [newest - timedelta(seconds=step * i) for i in range(len(values))]
    data = zip(times, reversed(values), strict=True)
    where = DIMENSIONS if dimensions is None else dimensions
    return MetricStore(
        Datum(NAMESPACE, "feature_baseline_drift_age", where, time, value) for time, value in data if value is not None
    )


def test_reason_and_data_of_an_alarm_are_those_cloudwatch_writes() -> None:
    state = evaluate(alarm(), store(0.31).fetch, NOW, INITIAL)
    assert state.reason == (
        "Threshold Crossed: 1 out of the last 1 datapoints [0.31 (02/10/19 16:59:00)] was greater than the threshold "
        "(0.1) (minimum 1 datapoint for OK -> ALARM transition)."
    )
    assert state.reason_data == {
        "version": "1.0",
        "queryDate": "2019-10-02T17:04:40.985+0000",
        "startDate": "2019-10-02T16:59:00.000+0000",
        "statistic": "Maximum",
        "period": 300,
        "recentDatapoints": [0.31],
        "threshold": 0.1,
        "evaluatedDatapoints": [{"timestamp": "2019-10-02T16:59:00.000+0000", "value": 0.31}],
    }
    assert state.timestamp == NOW


@pytest.mark.parametrize(
    ("changes", "values", "reason"),
    [
        (
            {"DatapointsToAlarm": None},
            (0.04,),
            "Threshold Crossed: 1 datapoint [0.04 (02/10/19 16:59:00)] was not greater than the threshold (0.1).",
        ),
        (
            {"EvaluationPeriods": 3, "DatapointsToAlarm": 3},
            (0.3, 0.2, 0.4),
            "Threshold Crossed: 3 out of the last 3 datapoints [0.4 (02/10/19 16:59:00), 0.2 (02/10/19 16:54:00), "
            "0.3 (02/10/19 16:49:00)] were greater than the threshold (0.1) "
            "(minimum 3 datapoints for OK -> ALARM transition).",
        ),
        (
            {"EvaluationPeriods": 3, "DatapointsToAlarm": 2},
            (0.0, 0.2, 0.05),
            "Threshold Crossed: 2 out of the last 3 datapoints [0.05 (02/10/19 16:59:00), 0.0 (02/10/19 16:49:00)] "
            "were not greater than the threshold (0.1) (minimum 2 datapoints for ALARM -> OK transition).",
        ),
        (
            {"EvaluationPeriods": 3, "TreatMissingData": "notBreaching"},
            (None, 0.7, None),
            "Threshold Crossed: 1 out of the last 3 datapoints [0.7 (02/10/19 16:54:00)] was greater than the "
            "threshold (0.1) and 2 missing datapoints were treated as [NonBreaching] "
            "(minimum 1 datapoint for OK -> ALARM transition).",
        ),
        (
            {"TreatMissingData": "notBreaching"},
            (),
            "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as "
            "[NonBreaching].",
        ),
        (
            {"EvaluationPeriods": 2, "DatapointsToAlarm": None, "TreatMissingData": "breaching"},
            (),
            "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as "
            "[Breaching].",
        ),
        (
            {"EvaluationPeriods": 3, "DatapointsToAlarm": 2, "TreatMissingData": "breaching"},
            (0.0,),
            "Threshold Crossed: 1 datapoint was received for 3 periods and 2 missing datapoints were treated as "
            "[Breaching].",
        ),
    ],
)
def test_reasons(changes: dict[str, Any], values: tuple[float | None, ...], reason: str) -> None:
    assert evaluate(alarm(**changes), store(*values).fetch, NOW, INITIAL).reason == reason


def test_an_alarm_without_data_says_how_many_datapoints_are_unknown() -> None:
    before = evaluate(alarm(EvaluationPeriods=5), store(0.0, 0.0).fetch, NOW, INITIAL)
    after = evaluate(alarm(EvaluationPeriods=5), MetricStore().fetch, NOW + timedelta(days=1), before)
    assert (before.value, after.value) == ("OK", "INSUFFICIENT_DATA")
    assert after.reason == "Insufficient Data: 5 datapoints were unknown."
    assert "startDate" not in after.reason_data


def test_a_state_is_returned_unchanged_until_the_value_changes() -> None:
    raised = evaluate(alarm(), store(0.31).fetch, NOW, INITIAL)
    assert evaluate(alarm(), store(0.99).fetch, NOW + timedelta(seconds=1), raised) is raised


@pytest.mark.parametrize(
    ("operator", "breaching", "good"),
    [
        ("GreaterThanOrEqualToThreshold", 0.1, 0.09),
        ("GreaterThanThreshold", 0.11, 0.1),
        ("LessThanThreshold", 0.09, 0.1),
        ("LessThanOrEqualToThreshold", 0.1, 0.11),
    ],
)
def test_comparison_operators_at_their_edge(operator: str, breaching: float, good: float) -> None:
    definition = alarm(ComparisonOperator=operator)
    assert evaluate(definition, store(breaching).fetch, NOW, INITIAL).value == "ALARM"
    assert evaluate(definition, store(good).fetch, NOW, INITIAL).value == "OK"


@pytest.mark.parametrize(
    "where", [{}, {"Endpoint": "ep"}, DIMENSIONS | {"Extra": "1"}, DIMENSIONS | {"Endpoint": "ep-2"}]
)
def test_only_a_metric_with_exactly_the_dimensions_counts(where: dict[str, str]) -> None:
    definition = alarm(TreatMissingData="notBreaching")
    assert evaluate(definition, store(0.9, dimensions=where).fetch, NOW, INITIAL).value == "OK"


@pytest.mark.parametrize(
    ("stat", "value"),
    [
        ("SampleCount", 4.0),
        ("Sum", 10.0),
        ("Average", 2.5),
        ("Minimum", 1.0),
        ("Maximum", 4.0),
        ("p50", 2.5),
        ("p100", 4.0),
    ],
)
def test_statistics_aggregate_the_samples_of_a_period(stat: str, value: float) -> None:
    start = datetime(2019, 10, 2, 16, 59, tzinfo=UTC)
    metrics = MetricStore(
        Datum(NAMESPACE, "feature_baseline_drift_age", DIMENSIONS, start + timedelta(seconds=i), float(i))
        for i in range(1, 5)
    )
    kind = "ExtendedStatistic" if stat.startswith("p") else "Statistic"
    definition = alarm(**{"Statistic": None, kind: stat}, Threshold=-1)
    assert evaluate(definition, metrics.fetch, NOW, INITIAL).datapoints[0] == (start, value)


def ends(now: datetime, **changes: Any) -> datetime:
    asked: list[datetime] = []

    def fetch(_stat: MetricStat, _start: datetime, end: datetime, _period: int) -> dict[datetime, float]:
        asked.append(end)
        return {}

    evaluate(alarm(**changes), fetch, now, INITIAL)
    return asked[0]


def test_the_range_ends_at_the_last_full_minute_and_slides() -> None:
    assert ends(NOW, Period=86_400) == datetime(2019, 10, 2, 17, 4, tzinfo=UTC)
    assert ends(NOW, Period=10) == datetime(2019, 10, 2, 17, 4, 40, tzinfo=UTC)


def test_an_alarm_over_more_than_a_day_is_evaluated_on_the_hour() -> None:
    assert ends(NOW, Period=86_400, EvaluationPeriods=2) == datetime(2019, 10, 2, 17, tzinfo=UTC)


def test_a_daily_metric_stamped_at_the_windows_start_is_seen_at_the_end_of_the_window() -> None:
    day = datetime(2013, 4, 1, tzinfo=UTC)
    metrics = MetricStore([Datum(NAMESPACE, "feature_baseline_drift_age", DIMENSIONS, day, 5.0)])
    definition = alarm(Period=86_400, TreatMissingData="notBreaching")
    assert evaluate(definition, metrics.fetch, day + timedelta(days=1, minutes=6), INITIAL).value == "ALARM"


def test_a_fetch_off_the_grid_is_an_error_not_a_lost_datapoint() -> None:
    with pytest.raises(DataError, match="fetch returned a datapoint at"):
        evaluate(alarm(), lambda *_: {NOW: 1.0}, NOW, INITIAL)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ThresholdMetricId": "band"}, "ThresholdMetricId: unknown key"),
        ({"EvaluateLowSampleCountPercentile": "ignore"}, "EvaluateLowSampleCountPercentile"),
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "ComparisonOperator"),
        ({"Statistic": "IQM"}, "use SampleCount, Average, Sum, Minimum, Maximum, p0 to p100"),
        ({"Statistic": None, "ExtendedStatistic": "p101"}, "p101"),
        ({"Statistic": None}, "exactly one of Statistic and ExtendedStatistic"),
        ({"Period": 45}, "multiple of 60 seconds, got 45"),
        ({"EvaluationPeriods": 2, "DatapointsToAlarm": 3}, r"DatapointsToAlarm \(3\) must not exceed"),
        ({"Period": 60, "EvaluationPeriods": 1441}, "at most 86400 seconds here, got 86460"),
        ({"Period": 3600, "EvaluationPeriods": 169}, "at most 604800 seconds"),
        ({"MetricName": None}, "needs MetricName, or Metrics"),
        ({"TreatMissingData": "bad"}, "TreatMissingData"),
    ],
)
def test_what_is_not_supported_is_refused_with_its_name(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        alarm(**changes)
    assert str(error.value).startswith("alarm 'drift-age': ")


def test_describe_alarms_adds_the_state_which_is_not_part_of_the_definition() -> None:
    described = alarm(StateValue="OK", StateReason="x", StateUpdatedTimestamp=NOW, Unit=None)
    assert described == alarm()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.integers(1, 6), st.data())
def test_evaluating_twice_changes_nothing(values: list[float], n: int, data: st.DataObject) -> None:
    definition = alarm(EvaluationPeriods=n, DatapointsToAlarm=data.draw(st.integers(1, n)))
    first = evaluate(definition, store(*values).fetch, NOW, INITIAL)
    assert evaluate(definition, store(*values).fetch, NOW, first) is first
