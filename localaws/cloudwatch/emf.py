"""CloudWatch embedded metric format: metrics in what a function prints."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

OLDEST = timedelta(days=14)
"""CloudWatch takes nothing older out of a log."""

MetricData = list[dict[str, Any]]
"""``MetricData`` of PutMetricData."""


class EmbeddedMetricError(ValueError):
    """A metric directive that CloudWatch could not follow."""


def embedded_metrics(line: str, now: datetime) -> Iterator[tuple[str, MetricData]]:
    """Yield (namespace, metric data) for each metric directive in one line of output.

    A line that is not JSON or has no directive yields nothing. Without a timestamp `now` counts.

    Raises
    ------
    EmbeddedMetricError
        If a directive names a value that the record does not have, a value is no number, or the record is more than
        two weeks old. CloudWatch would drop it.

    Examples
    --------
    >>> line = ('{"_aws": {"Timestamp": 0, "CloudWatchMetrics": [{"Namespace": "n", "Dimensions": [["Endpoint"]], '
    ...         '"Metrics": [{"Name": "rows", "Unit": "Count"}]}]}, "Endpoint": "e", "rows": [1, 2]}')
    >>> [(namespace, data)] = embedded_metrics(line, datetime(1970, 1, 2, tzinfo=UTC))
    >>> namespace, data[0]["MetricName"], data[0]["Dimensions"], data[0]["Values"]
    ('n', 'rows', [{'Name': 'Endpoint', 'Value': 'e'}], [1.0, 2.0])
    >>> list(embedded_metrics("Traceback (most recent call last):", datetime(2013, 1, 1, tzinfo=UTC)))
    []
    """
    record = _record(line)
    if record is None:
        return
    metadata = record["_aws"]
    at = datetime.fromtimestamp(metadata["Timestamp"] / 1000, UTC) if "Timestamp" in metadata else now
    if now - at > OLDEST:
        raise EmbeddedMetricError(f"the metrics of {at.isoformat()} are more than {OLDEST.days} days old")
    for directive in metadata.get("CloudWatchMetrics", []):
        try:
            yield directive["Namespace"], list(_data(record, directive, at))
        except (KeyError, TypeError, ValueError) as error:
            raise EmbeddedMetricError(f"cannot follow the metric directive {directive}: {error!r}") from error


def _record(line: str) -> dict[str, Any] | None:
    if '"_aws"' not in line:
        return None
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and isinstance(record.get("_aws"), dict) else None


def _data(record: dict[str, Any], directive: dict[str, Any], at: datetime) -> Iterator[dict[str, Any]]:
    for names in directive.get("Dimensions") or [[]]:
        dimensions = [{"Name": name, "Value": str(record[name])} for name in names]
        for metric in directive["Metrics"]:
            yield {
                "MetricName": metric["Name"],
                "Dimensions": dimensions,
                "Timestamp": at,
                **_values(record[metric["Name"]]),
                "Unit": metric.get("Unit", "None"),
            }


def _values(value: Any) -> dict[str, Any]:
    """Read a number, a list of numbers, or a statistic set."""
    if isinstance(value, dict):
        names = {"SampleCount": "Count", "Sum": "Sum", "Minimum": "Min", "Maximum": "Max"}
        return {"StatisticValues": {name: float(value[given]) for name, given in names.items()}}
    return {"Values": [float(number) for number in (value if isinstance(value, list) else [value])]}
