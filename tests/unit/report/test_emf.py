from __future__ import annotations

import json
import math
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from monitoring_core.metric_names import DRIFT_EXCESS, ROWS, RUN_METRICS, VIOLATIONS, Metric, aws_metrics
from monitoring_core.monitors.analysis import ParityMetric, StatisticSet
from monitoring_core.report.emf import embedded_metrics, parity_metrics, run_metrics

WHEN = datetime(2013, 7, 1, 0, 0, 0, 250_000, tzinfo=UTC)


def test_run_metrics_carry_the_dimensions_and_the_windows_start_in_milliseconds() -> None:
    (line,) = run_metrics("flights-prod", "flights-prod-data-quality", {ROWS: 913, VIOLATIONS: 2}, WHEN)
    assert "\n" not in line
    assert json.loads(line) == {
        "_aws": {
            "Timestamp": 1372636800250,
            "CloudWatchMetrics": [
                {
                    "Namespace": "Watchkeeper",
                    "Dimensions": [["Endpoint", "MonitoringSchedule"]],
                    "Metrics": [{"Name": "Rows", "Unit": "Count"}, {"Name": "Violations", "Unit": "Count"}],
                }
            ],
        },
        "Endpoint": "flights-prod",
        "MonitoringSchedule": "flights-prod-data-quality",
        "Rows": 913,
        "Violations": 2,
    }


def test_an_undefined_metric_is_left_out_and_not_zero() -> None:
    (line,) = run_metrics("e", "s", {ROWS: 0, VIOLATIONS: None, DRIFT_EXCESS: math.nan}, WHEN)
    assert [metric["Name"] for metric in json.loads(line)["_aws"]["CloudWatchMetrics"][0]["Metrics"]] == ["Rows"]
    assert run_metrics("e", "s", dict.fromkeys(RUN_METRICS), WHEN) == []


@given(st.integers(0, 350))
def test_no_line_has_more_than_a_hundred_metrics_and_none_is_lost(n: int) -> None:
    values = {Metric(f"m{i}", "None", ""): float(i) for i in range(n)}
    lines = [json.loads(line) for line in embedded_metrics("ns", {"Endpoint": "e"}, values, WHEN)]
    names = [[metric["Name"] for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]] for line in lines]
    assert all(len(part) <= 100 for part in names)
    assert [name for part in names for name in part] == [f"m{i}" for i in range(n)]
    assert all(line[name] == float(name[1:]) for line, part in zip(lines, names, strict=True) for name in part)


def test_parity_metrics_have_amazons_names_and_their_own_dimensions() -> None:
    metrics = [
        ParityMetric("feature_data_age", StatisticSet(4, 10.0, 1.0, 4.0), subject="age"),
        ParityMetric("feature_non_null_age", 4.0, subject="age"),
        ParityMetric("bias_metric_DI", 0.8, {"Facet": "sex"}),
    ]
    lines = parity_metrics(aws_metrics("data-quality", "ep", "sch"), metrics, WHEN)
    first, second = map(json.loads, lines)
    assert first["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "aws/sagemaker/Endpoints/data-metrics"
    assert first["feature_data_age"] == {"Max": 4.0, "Min": 1.0, "Count": 4, "Sum": 10.0}
    assert first["feature_non_null_age"] == 4
    assert second["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Endpoint", "MonitoringSchedule", "Facet"]]
    assert (second["Facet"], second["bias_metric_DI"]) == ("sex", 0.8)
