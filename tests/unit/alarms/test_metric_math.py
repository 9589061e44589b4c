from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring_core.alarms import AlarmDefinition, AlarmState, Datum, MetricStore, evaluate
from monitoring_core.alarms.expression import Expression
from monitoring_core.alarms.functions import Scope
from monitoring_core.errors import ConfigError

T = [datetime(2013, 4, 1, hour, tzinfo=UTC) for hour in range(4)]
NUMBER = st.floats(-1e6, 1e6)


def series(*values: float | None) -> dict[datetime, float]:
    return {time: value for time, value in zip(T, values, strict=False) if value is not None}


def compute(expression: str, **metrics: dict[datetime, float]) -> Any:
    return Expression.parse(expression).evaluate(Scope(metrics, metrics, T))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 + 2 * 3 - 4 / 2", 5.0),
        ("2 ^ 3", 8.0),
        ("-(1 + 2)", -3.0),
        ("1 < 2 AND 2 <= 2 && 3 != 4", 1.0),
        ("1 > 2 OR 2 >= 3 || 3 == 4", 0.0),
        ("IF(1 > 0, 7, 8)", 7.0),
        ("m + 1", series(2, 3, None, 5)),
        ("m / k", series(0.1, None, None, None)),
        ("m > 1", series(0, 1, None, 1)),
        ("IF(m > 1, m, 0)", series(0, 2, None, 4)),
        ("IF(m > 1, k)", None),
        ("FILL(m, 0)", series(1, 2, 0, 4)),
        ("FILL(m, REPEAT)", series(1, 2, 2, 4)),
        ("FILL(m, LINEAR)", series(1, 2, 3, 4)),
        ("FILL(m, k)", series(1, 2, 30, 4)),
        ("ABS(0 - m)", series(1, 2, None, 4)),
        ("CEIL(m / 2)", series(1, 1, None, 2)),
        ("FLOOR(m / 2)", series(0, 1, None, 2)),
        ("DIFF(m)", series(None, 1, None, 2)),
        ("RATE(m) * 3600", series(None, 1, None, 1)),
        ("MAX(METRICS())", series(10, 2, 30, 4)),
        ("MIN([m, k])", series(1, 0, 30, 4)),
        ("SUM(METRICS())", series(11, 2, 30, 4)),
        ("AVG([m, k])", series(5.5, 1, 30, 4)),
        ('SUM(METRICS("k"))', series(10, 0, 30, None)),
        ("m - AVG(m)", series(1 - 7 / 3, 2 - 7 / 3, None, 4 - 7 / 3)),
        ("MAX(m)", 4.0),
        ("MAX([1, 2])", 2.0),
        ("TIME_SERIES(5)", series(5, 5, 5, 5)),
    ],
)
def test_expressions(expression: str, expected: Any) -> None:
    metrics = {"m": series(1, 2, None, 4), "k": series(10, 0, 30, None)}
    if expected is None:
        with pytest.raises(ValueError, match="IF takes 3 argument"):
            compute(expression, **metrics)
        return
    computed = compute(expression, **metrics)
    assert computed == (pytest.approx(expected) if isinstance(expected, (float, dict)) else expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("SEARCH('{x}', 'Sum', 300)", "function SEARCH is not supported"),
        ("ANOMALY_DETECTION_BAND(m, 2)", "supported: ABS, AVG"),
        ("m +", "cannot read expression"),
        ("__import__('os').system('x')", "is not supported"),
        ("m.__class__", "is not supported"),
        ("[x for x in m]", "is not supported"),
        ("lambda: 1", "is not supported"),
        ("1 < m < 2", "is not supported"),
        ("m if m else m", "is not supported"),
        ("SELECT AVG(x) FROM y", "cannot read expression"),
        ("1" * 3000, "at most 2048 characters"),
        ("(" * 1000 + "1" + ")" * 1000, "cannot read expression"),
        ("True", "is not supported"),
        ("FILL(m)", "FILL takes 2 argument"),
    ],
)
def test_what_is_not_metric_math_is_refused(expression: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Expression.parse(expression)


@given(NUMBER, NUMBER)
def test_arithmetic_on_series_is_arithmetic_on_their_values(a: float, b: float) -> None:
    m, k = series(a), series(b)
    assert compute("m + k - k * 2", m=m, k=k) == series(a + b - b * 2)
    assert compute("m >= k", m=m, k=k) == series(float(a >= b))


@given(st.lists(st.one_of(st.none(), NUMBER), min_size=4, max_size=4))
def test_fill_leaves_datapoints_alone_and_fills_the_rest(values: list[float | None]) -> None:
    filled = compute("FILL(m, 0)", m=series(*values))
    assert filled == series(*(0.0 if value is None else value for value in values))


def math_alarm(*metrics: dict[str, Any], threshold: float = 0.5) -> AlarmDefinition:
    return AlarmDefinition.from_api(
        {
            "AlarmName": "error-rate",
            "Metrics": list(metrics),
            "EvaluationPeriods": 1,
            "Threshold": threshold,
            "ComparisonOperator": "GreaterThanThreshold",
        }
    )


def metric(query_id: str, period: int = 3600) -> dict[str, Any]:
    identity = {"Namespace": "ns", "MetricName": query_id, "Dimensions": []}
    return {"Id": query_id, "MetricStat": {"Metric": identity, "Period": period, "Stat": "Sum"}, "ReturnData": False}


def test_an_alarm_on_an_expression_over_expressions() -> None:
    definition = math_alarm(
        {"Id": "rate", "Expression": "errors / safe", "Label": "rate", "ReturnData": True},
        {"Id": "safe", "Expression": "IF(calls > 0, calls, 1)", "ReturnData": False},
        metric("errors"),
        metric("calls"),
    )
    now = T[3]
    data = [
        Datum("ns", name, {}, now - timedelta(minutes=5), value) for name, value in (("errors", 6.0), ("calls", 8.0))
    ]
    state = evaluate(definition, MetricStore(data).fetch, now, AlarmState.initial(T[0]))
    assert state.value == "ALARM"
    assert state.reason.startswith("Threshold Crossed: 1 datapoint [0.75 (01/04/13 02:00:00)] was greater than")
    assert "statistic" not in state.reason_data


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        ([metric("m")], "exactly one query must have ReturnData true, got none"),
        ([metric("m"), {"Id": "e", "Expression": "m + gone"}], "an expression names gone; known ids: m, e"),
        (
            [metric("m"), {"Id": "e", "Expression": "f", "ReturnData": False}, {"Id": "f", "Expression": "e + m"}],
            "circle",
        ),
        ([metric("m"), metric("k", 60), {"Id": "e", "Expression": "m + k"}], "must share one period"),
        (
            [metric("m"), {"Id": "e", "Expression": "ANOMALY_DETECTION_BAND(m)"}],
            "ANOMALY_DETECTION_BAND is not supported",
        ),
        ([metric("m"), {"Id": "e"}], "exactly one of MetricStat and Expression"),
        ([metric("m"), metric("m"), {"Id": "e", "Expression": "m"}], "must be unique"),
        ([metric("m") | {"AccountId": "1"}, {"Id": "e", "Expression": "m"}], "Metrics.0.AccountId: unknown key"),
    ],
)
def test_broken_queries_are_refused(metrics: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        math_alarm(*metrics)


@pytest.mark.parametrize("expression", ["METRICS()", "1 + 1"])
def test_an_expression_that_is_not_one_series_cannot_raise_an_alarm(expression: str) -> None:
    definition = math_alarm(metric("m"), {"Id": "e", "Expression": expression})
    with pytest.raises(ConfigError, match="an alarm needs one time series"):
        evaluate(definition, MetricStore().fetch, T[3], AlarmState.initial(T[0]))
