"""Alarms of every monitor: violations (M of N), heartbeat, failed runs; each with a policy for missing data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aws_cdk import Duration, aws_cloudwatch, aws_cloudwatch_actions, aws_sns, aws_sqs
from constructs import Construct

from infra.config import EndpointConfig
from infra.config.monitors import Monitor
from monitoring_core.metric_names import (
    DIMENSIONS,
    NAMESPACE,
    RUNS_COMPLETED,
    RUNS_FAILED,
    VIOLATIONS,
    AwsNamespace,
    Metric,
    feature_baseline_drift,
    schedule_name,
)

_TREATMENTS: Final[Mapping[str, aws_cloudwatch.TreatMissingData]] = {
    "breaching": aws_cloudwatch.TreatMissingData.BREACHING,
    "notBreaching": aws_cloudwatch.TreatMissingData.NOT_BREACHING,
    "ignore": aws_cloudwatch.TreatMissingData.IGNORE,
    "missing": aws_cloudwatch.TreatMissingData.MISSING,
}
_Operator = aws_cloudwatch.ComparisonOperator


def run_metric(
    config: EndpointConfig, monitor: Monitor, metric: Metric, statistic: str = "Sum"
) -> aws_cloudwatch.Metric:
    """Return a run metric of a monitor, one value per window."""
    return _metric(config, monitor, NAMESPACE, metric.name, statistic)


def drift_metric(
    config: EndpointConfig, monitor: Monitor, feature: str, statistic: str = "Maximum"
) -> aws_cloudwatch.Metric:
    """Return Amazon's drift metric of a feature."""
    return _metric(config, monitor, AwsNamespace.ENDPOINT_DATA_QUALITY, feature_baseline_drift(feature), statistic)


def _metric(
    config: EndpointConfig, monitor: Monitor, namespace: str, name: str, statistic: str
) -> aws_cloudwatch.Metric:
    values = (config.endpoint.name, schedule_name(config.endpoint.name, monitor.name))
    return aws_cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map=dict(zip(DIMENSIONS, values, strict=True)),
        statistic=statistic,
        period=Duration.seconds(monitor.schedule.period_seconds),
    )


class MonitorAlarms(Construct):
    """The alarms of one monitor.

    Attributes
    ----------
    violations, heartbeat : Alarm
        Constraints violated in M of N runs; no run has ended for some windows.
    failed : Alarm or None
        A run ended in an error; for managed monitors failed jobs are reported by their own event.
    """

    def __init__(self, scope: Construct, construct_id: str, *, config: EndpointConfig, monitor: Monitor) -> None:
        super().__init__(scope, construct_id)
        self._config, self._monitor = config, monitor
        self._schedule = schedule_name(config.endpoint.name, monitor.name)
        managed = monitor.runtime == "managed"
        self.violations, self.heartbeat = self._violations(managed), self._heartbeat(managed)
        self.failed = None if managed else self._failed()

    @property
    def all(self) -> list[aws_cloudwatch.Alarm]:
        """Every alarm of the monitor."""
        return [alarm for alarm in (self.violations, self.heartbeat, self.failed) if alarm]

    def _violations(self, managed: bool) -> aws_cloudwatch.Alarm:  # noqa: FBT001 - private
        alarms = self._config.alarms
        what = "drifted beyond its limit" if managed else "violated its constraints"
        return self._alarm(
            "violations",
            f"Traffic of {self._config.endpoint.name} {what} ({self._monitor.name}) in "
            f"{alarms.datapoints_to_alarm} of the last {alarms.evaluation_periods} runs.",
            self._drift_above_limit() if managed else run_metric(self._config, self._monitor, VIOLATIONS),
            periods=alarms.evaluation_periods,
            datapoints=alarms.datapoints_to_alarm,
            missing=_TREATMENTS[alarms.missing_data],
        )

    def _heartbeat(self, managed: bool) -> aws_cloudwatch.Alarm:  # noqa: FBT001 - private
        config, monitor, periods = self._config, self._monitor, self._config.alarms.heartbeat_periods
        published = drift_metric(config, monitor, monitor.emit_features[0], "SampleCount") if managed else None
        return self._alarm(
            "heartbeat",
            f"No run of {self._schedule} has ended with a verdict for {periods} windows ({monitor.schedule.text}): "
            "nobody is watching the endpoint.",
            published or run_metric(config, monitor, RUNS_COMPLETED),
            bad_below=1,
            periods=periods,
            datapoints=periods,
            missing=aws_cloudwatch.TreatMissingData.BREACHING,
        )

    def _failed(self) -> aws_cloudwatch.Alarm:
        return self._alarm(
            "failed",
            f"A run of {self._schedule} has ended in an error; its window has no verdict.",
            run_metric(self._config, self._monitor, RUNS_FAILED),
            periods=1,
            datapoints=1,
            missing=aws_cloudwatch.TreatMissingData.NOT_BREACHING,
        )

    def _alarm(
        self,
        name: str,
        text: str,
        metric: aws_cloudwatch.IMetric,
        *,
        periods: int,
        datapoints: int,
        missing: aws_cloudwatch.TreatMissingData,
        bad_below: int | None = None,
    ) -> aws_cloudwatch.Alarm:
        """Declare an alarm on values above zero, or below `bad_below`."""
        below = bad_below is not None
        return aws_cloudwatch.Alarm(
            self,
            name.capitalize(),
            alarm_name=f"{self._schedule}-{name}",
            alarm_description=f"{text} What to do: {self._config.alarms.runbook}#{name}",
            metric=metric,
            threshold=bad_below or 0,
            comparison_operator=_Operator.LESS_THAN_THRESHOLD if below else _Operator.GREATER_THAN_THRESHOLD,
            evaluation_periods=periods,
            datapoints_to_alarm=datapoints,
            treat_missing_data=missing,
        )

    def _drift_above_limit(self) -> aws_cloudwatch.MathExpression:
        """Largest distance above its own limit, from Amazon's metrics."""
        features = self._monitor.emit_features
        terms = ", ".join(f"d{i} - {self._limit(feature)}" for i, feature in enumerate(features))
        return aws_cloudwatch.MathExpression(
            expression=f"MAX([{terms}])",
            using_metrics={f"d{i}": drift_metric(self._config, self._monitor, name) for i, name in enumerate(features)},
            label="Drift above its limit",
            period=Duration.seconds(self._monitor.schedule.period_seconds),
        )

    def _limit(self, feature: str) -> float:
        own = self._monitor.features.get(feature)
        limit = own.max_distance if own else None
        return self._monitor.distribution.comparison_threshold if limit is None else limit


def dead_letter_alarm(
    scope: Construct, config: EndpointConfig, queue: aws_sqs.IQueue, topic: aws_sns.ITopic
) -> aws_cloudwatch.Alarm:
    """Declare the alarm on undeliverable events; it tells the topic directly, for what fails may be the notifier."""
    alarm = aws_cloudwatch.Alarm(
        scope,
        "DeadLetterAlarm",
        alarm_name=f"{config.endpoint.name}-dead-letters",
        alarm_description=(
            f"Events of {config.endpoint.name} could not be delivered or handled and wait in the dead-letter queue. "
            f"What to do: {config.alarms.runbook}#dead-letters"
        ),
        metric=queue.metric_approximate_number_of_messages_visible(period=Duration.minutes(5), statistic="Maximum"),
        threshold=0,
        comparison_operator=_Operator.GREATER_THAN_THRESHOLD,
        evaluation_periods=1,
        treat_missing_data=aws_cloudwatch.TreatMissingData.NOT_BREACHING,
    )
    alarm.add_alarm_action(aws_cloudwatch_actions.SnsAction(topic))
    return alarm
