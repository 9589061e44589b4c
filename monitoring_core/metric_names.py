"""The catalogue of metrics: what functions emit, alarms watch and dashboards draw.

Two families:

* *run metrics*, a small fixed set per monitor in the namespace ``Watchkeeper``, dimensions
  ``Endpoint`` and ``MonitoringSchedule`` (about $0.30 a month each, so the set stays small);
* *AWS parity metrics*, exactly the names Model Monitor's containers publish (contract 8.1),
  only for the features the configuration names.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

NAMESPACE: Final = "Watchkeeper"
DIMENSIONS: Final = ("Endpoint", "MonitoringSchedule")


@dataclass(frozen=True, slots=True)
class Metric:
    """One CloudWatch metric of the catalogue."""

    name: str
    unit: str
    description: str


RUNS_COMPLETED: Final = Metric("RunsCompleted", "Count", "Runs that ended with a verdict; the heartbeat.")
RUNS_FAILED: Final = Metric("RunsFailed", "Count", "Runs that ended in an error.")
RUNS_WITHOUT_DATA: Final = Metric("RunsWithoutData", "Count", "Runs that found no record in their window.")
VIOLATIONS: Final = Metric("Violations", "Count", "Violated constraints of the run.")
DRIFT_EXCESS: Final = Metric(
    "DriftExcess", "None", "Largest drift distance divided by its own limit; above 1 is a violation."
)
ROWS: Final = Metric("Rows", "Count", "Rows analysed.")
QUARANTINED_RECORDS: Final = Metric("QuarantinedRecords", "Count", "Records that could not be read.")
LABEL_COVERAGE: Final = Metric("LabelCoverage", "None", "Share of the window's events that have a label.")
BASELINE_AGE: Final = Metric("BaselineAgeDays", "None", "Days between the baseline's creation and the window's end.")
UNAPPROVED_CHANGES: Final = Metric("UnapprovedChanges", "Count", "Ways in which what serves is not what was approved.")
"""Of the endpoint, not of a run."""

RUN_METRICS: Final = (
    RUNS_COMPLETED,
    RUNS_FAILED,
    RUNS_WITHOUT_DATA,
    VIOLATIONS,
    DRIFT_EXCESS,
    ROWS,
    QUARANTINED_RECORDS,
    LABEL_COVERAGE,
    BASELINE_AGE,
)


class AwsNamespace(StrEnum):
    """Namespaces of the first-party containers."""

    ENDPOINT_DATA_QUALITY = "aws/sagemaker/Endpoints/data-metrics"
    BATCH_DATA_QUALITY = "aws/sagemaker/ModelMonitoring/data-metrics"
    ENDPOINT_MODEL_QUALITY = "aws/sagemaker/Endpoints/model-metrics"
    BATCH_MODEL_QUALITY = "aws/sagemaker/ModelMonitoring/model-metrics"
    ENDPOINT_BIAS = "aws/sagemaker/Endpoints/bias-metrics"
    BATCH_BIAS = "aws/sagemaker/ModelMonitoring/bias-metrics"
    ENDPOINT_EXPLAINABILITY = "aws/sagemaker/Endpoints/explainability-metrics"
    BATCH_EXPLAINABILITY = "aws/sagemaker/ModelMonitoring/explainability-metrics"


_ENDPOINT_NAMESPACES: Final = {
    "data-quality": AwsNamespace.ENDPOINT_DATA_QUALITY,
    "model-quality": AwsNamespace.ENDPOINT_MODEL_QUALITY,
    "model-bias": AwsNamespace.ENDPOINT_BIAS,
    "model-explainability": AwsNamespace.ENDPOINT_EXPLAINABILITY,
}
_BATCH_NAMESPACES: Final = {
    "data-quality": AwsNamespace.BATCH_DATA_QUALITY,
    "model-quality": AwsNamespace.BATCH_MODEL_QUALITY,
    "model-bias": AwsNamespace.BATCH_BIAS,
    "model-explainability": AwsNamespace.BATCH_EXPLAINABILITY,
}


@dataclass(frozen=True, slots=True)
class AwsMetrics:
    """Where Amazon's container of one kind of monitor publishes (contract 8.1).

    Attributes
    ----------
    dimensions : dict of str to str
        Of every metric; a metric may have more.
    """

    namespace: AwsNamespace
    dimensions: dict[str, str]


def aws_metrics(kind: str, endpoint: str | None, schedule: str) -> AwsMetrics:
    """Return where Amazon's container of a kind of monitor publishes.

    Parameters
    ----------
    endpoint : str or None
        None: it watches transform jobs, which belong to no endpoint.

    Examples
    --------
    >>> aws_metrics("model-bias", "churn", "churn-model-bias").dimensions
    {'Endpoint': 'churn', 'MonitoringSchedule': 'churn-model-bias'}
    >>> str(aws_metrics("model-bias", None, "churn-model-bias").namespace)
    'aws/sagemaker/ModelMonitoring/bias-metrics'
    """
    if endpoint is None:
        return AwsMetrics(_BATCH_NAMESPACES[kind], {DIMENSIONS[1]: schedule})
    return AwsMetrics(_ENDPOINT_NAMESPACES[kind], dict(zip(DIMENSIONS, (endpoint, schedule), strict=True)))


def feature_data(feature: str) -> str:
    """Name of AWS's statistic-set metric of a feature's values.

    Examples
    --------
    >>> feature_data("age")
    'feature_data_age'
    """
    return f"feature_data_{feature}"


def feature_non_null(feature: str) -> str:
    """Name of AWS's completeness metric of a feature.

    Examples
    --------
    >>> feature_non_null("age")
    'feature_non_null_age'
    """
    return f"feature_non_null_{feature}"


def feature_baseline_drift(feature: str) -> str:
    """Name of AWS's drift-distance metric of a feature.

    Examples
    --------
    >>> feature_baseline_drift("age")
    'feature_baseline_drift_age'
    """
    return f"feature_baseline_drift_{feature}"


def bias_metric(name: str) -> str:
    """Name of AWS's metric of a bias metric.

    Examples
    --------
    >>> bias_metric("DPPL")
    'bias_metric_DPPL'
    """
    return f"bias_metric_{name}"


def feature_attribution(feature: str) -> str:
    """Name of AWS's metric of a feature's global attribution.

    Examples
    --------
    >>> feature_attribution("age")
    'feature_age'
    """
    return f"feature_{feature}"


EXPECTED_VALUE: Final = "ExpectedValue"
"""AWS's metric of the mean score of the SHAP baseline."""


def champion_parameter(endpoint: str) -> str:
    """Return the SSM parameter that says which model serves.

    Examples
    --------
    >>> champion_parameter("flights-prod")
    '/watchkeeper/flights-prod/champion'
    """
    return f"/watchkeeper/{endpoint}/champion"


def schedule_name(endpoint: str, monitor: str) -> str:
    """Name of the monitoring schedule: the value of the ``MonitoringSchedule`` dimension.

    Examples
    --------
    >>> schedule_name("flights-prod", "data-quality")
    'flights-prod-data-quality'
    """
    return f"{endpoint}-{monitor}"
