"""Alarms of every monitor, each with a policy for missing data: violations, heartbeat, failed runs, bad records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aws_cdk import Duration, aws_cloudwatch, aws_cloudwatch_actions, aws_sns, aws_sqs
from constructs import Construct

from infra.config import EndpointConfig, FleetConfig
from infra.config.monitors import Monitor
from infra.config.operations import Alarms
from infra.config.schedule import DAY, HOUR, MINUTE, WEEK
from monitoring_core.metric_names import (
    DIMENSIONS,
    NAMESPACE,
    QUARANTINED_RECORDS,
    ROWS,
    RUNS_COMPLETED,
    RUNS_FAILED,
    VIOLATIONS,
    Metric,
    aws_metrics,
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
_JOB_START_SECONDS: Final = 20 * MINUTE
"""Model Monitor starts a job up to so long after the scheduled hour."""
_SHOWN_LATE_SECONDS: Final = ((DAY, 2 * DAY), (3 * HOUR, 2 * HOUR))
"""How long CloudWatch may take to show a value, by its age on arrival, the oldest first (``PutMetricData``)."""


def run_metric(config: EndpointConfig, monitor: Monitor, metric: Metric) -> aws_cloudwatch.Metric:
    """Return a run metric of a monitor, one value per window, also where a run was published twice."""
    values = (config.name, schedule_name(config.name, monitor.name))
    return _metric(monitor, NAMESPACE, metric.name, dict(zip(DIMENSIONS, values, strict=True)))


def drift_metric(config: EndpointConfig, monitor: Monitor, feature: str) -> aws_cloudwatch.Metric:
    """Return Amazon's drift metric of a feature."""
    endpoint = None if config.batch_transform else config.name
    place = aws_metrics("data-quality", endpoint, schedule_name(config.name, monitor.name))
    return _metric(monitor, place.namespace, feature_baseline_drift(feature), place.dimensions)


def _metric(monitor: Monitor, namespace: str, name: str, dimensions: dict[str, str]) -> aws_cloudwatch.Metric:
    return aws_cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map=dimensions,
        statistic="Maximum",
        period=Duration.seconds(monitor.schedule.period_seconds),
    )


def windows_shown_late(config: EndpointConfig, monitor: Monitor) -> int:
    """Return how many windows more than usual may have ended without a value while all is well.

    The newest window never has one before its run has ended. Model Monitor starts its jobs some time after that, for
    labelled rows two of them one after the other, and CloudWatch shows late what is old when it arrives.
    """
    if monitor.runtime != "managed":
        return 0
    period, jobs = monitor.schedule.period_seconds, 2 if monitor.needs_labels else 1
    age = _JOB_START_SECONDS + jobs * config.runtime.managed.timeout_seconds
    age += next((late for old, late in _SHOWN_LATE_SECONDS if age >= old), 0)
    return age // period


class MonitorAlarms(Construct):
    """The alarms of one monitor.

    Attributes
    ----------
    violations : Alarm
        Constraints violated in M of N runs.
    heartbeat : Alarm or None
        No run has ended with a verdict for some windows. None where transform jobs start the runs, whenever they end.
    failed : Alarm
        A run ended in an error.
    quarantined : Alarm or None
        Too many records could not be read. Managed monitors have none: Amazon's analyzers do not tell.
    """

    def __init__(self, scope: Construct, construct_id: str, *, config: EndpointConfig, monitor: Monitor) -> None:
        super().__init__(scope, construct_id)
        self._config, self._monitor = config, monitor
        self._schedule = schedule_name(config.name, monitor.name)
        self.violations = self._violations()
        self.heartbeat = self._heartbeat() if config.is_scheduled(monitor) else None
        self.failed = self._failed()
        self.quarantined = None if monitor.runtime == "managed" else self._quarantined()

    @property
    def all(self) -> list[aws_cloudwatch.Alarm]:
        """Every alarm of the monitor."""
        return [alarm for alarm in (self.violations, self.heartbeat, self.failed, self.quarantined) if alarm]

    def _violations(self) -> aws_cloudwatch.Alarm:
        rule = self._config.alarm_rule(self._monitor)
        return self._alarm(
            "violations",
            f"Traffic of {self._config.name} violated its constraints ({self._monitor.name}) in "
            f"{rule.datapoints_to_alarm} of the last {rule.evaluation_periods} runs.",
            run_metric(self._config, self._monitor, VIOLATIONS),
            periods=self._periods(rule.evaluation_periods),
            datapoints=rule.datapoints_to_alarm,
            missing=_TREATMENTS[self._config.alarms.missing_data],
        )

    def _heartbeat(self) -> aws_cloudwatch.Alarm:
        """Ring when N windows (`heartbeat_periods`) have ended and none of them has a verdict.

        After the last window that has one, this is N windows later at the latest, plus up to an hour where N windows
        are more than a day, for CloudWatch looks at such alarms hourly; N - 1 runs are missing then, and the Nth
        is due. Managed monitors: later by `windows_shown_late`.

        Missing values are filled with 0, because CloudWatch tolerates about two more missing periods than it is asked
        to. With N = 1 that tolerance is needed, as the newest window has no verdict until its run has ended: the alarm
        rings up to three windows after the last verdict.
        """
        config, monitor = self._config, self._monitor
        periods = config.alarm_rule(monitor).heartbeat_periods
        runs = run_metric(config, monitor, RUNS_COMPLETED)
        return self._alarm(
            "heartbeat",
            f"No run of {self._schedule} has ended with a verdict for {periods} windows ({monitor.schedule.text}): "
            "nobody is watching.",
            runs if periods == 1 else self._math("FILL(runs, 0)", {"runs": runs}, "Runs with a verdict"),
            below=1,
            periods=self._periods(periods),
            datapoints=self._periods(periods),
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

    def _quarantined(self) -> aws_cloudwatch.Alarm:
        most = self._config.alarms.max_quarantined_share
        metrics = {"bad": QUARANTINED_RECORDS, "good": ROWS}
        return self._alarm(
            "quarantined",
            f"More than {most:.3g} of the records of a window of {self._schedule} could not be read; "
            "its verdict is about the others.",
            self._math(
                "bad / (bad + good)",
                {name: run_metric(self._config, self._monitor, metric) for name, metric in metrics.items()},
                "Share of unreadable records",
            ),
            above=most,
            periods=1,
            datapoints=1,
            missing=aws_cloudwatch.TreatMissingData.MISSING,
        )

    def _periods(self, windows: int) -> int:
        """Return how many periods hold the last `windows` that can have a value; CloudWatch looks back seven days."""
        late = windows_shown_late(self._config, self._monitor)
        return min(windows + late, WEEK // self._monitor.schedule.period_seconds)

    def _alarm(
        self,
        name: str,
        text: str,
        metric: aws_cloudwatch.IMetric,
        *,
        periods: int,
        datapoints: int,
        missing: aws_cloudwatch.TreatMissingData,
        above: float = 0,
        below: float | None = None,
    ) -> aws_cloudwatch.Alarm:
        """Declare an alarm on values above `above`, or else below `below`."""
        return aws_cloudwatch.Alarm(
            self,
            name.capitalize(),
            alarm_name=f"{self._schedule}-{name}",
            alarm_description=f"{text} What to do: {self._config.alarms.runbook}#{name}",
            metric=metric,
            threshold=above if below is None else below,
            comparison_operator=_Operator.GREATER_THAN_THRESHOLD if below is None else _Operator.LESS_THAN_THRESHOLD,
            evaluation_periods=periods,
            datapoints_to_alarm=datapoints,
            treat_missing_data=missing,
        )

    def _math(
        self, expression: str, metrics: Mapping[str, aws_cloudwatch.Metric], label: str
    ) -> aws_cloudwatch.MathExpression:
        return aws_cloudwatch.MathExpression(
            expression=expression,
            using_metrics=metrics,
            label=label,
            period=Duration.seconds(self._monitor.schedule.period_seconds),
        )


def dead_letter_alarm(scope: Construct, config: EndpointConfig, queue: aws_sqs.IQueue, topic: aws_sns.ITopic) -> None:
    """Declare the alarm on what could not be delivered or handled for an endpoint."""
    told = (
        f"Events of {config.name} could not be delivered or handled, or an execution has failed: they "
        "wait in the dead-letter queue. A run that failed rings here too, beside its own alarm. "
        f"What to do: {config.alarms.runbook}#dead-letters"
    )
    _depth_alarm(scope, f"{config.name}-dead-letters", told, queue, topic)


def undelivered_alarm(scope: Construct, config: FleetConfig, queue: aws_sqs.IQueue, topic: aws_sns.ITopic) -> None:
    """Declare the alarm on messages that reached no chat or webhook of a fleet."""
    told = (
        f"Messages of {config.title} could not be delivered to its chats or webhooks: they wait in the dead-letter "
        f"queue. What to do: {Alarms().runbook}#dead-letters"
    )
    _depth_alarm(scope, f"{config.fleet}-fleet-dead-letters", told, queue, topic)


def _depth_alarm(scope: Construct, name: str, description: str, queue: aws_sqs.IQueue, topic: aws_sns.ITopic) -> None:
    """Ring when anything is in a queue; the alarm tells the topic directly, for what fails may be the notifier."""
    alarm = aws_cloudwatch.Alarm(
        scope,
        "DeadLetterAlarm",
        alarm_name=name,
        alarm_description=description,
        metric=queue.metric_approximate_number_of_messages_visible(period=Duration.minutes(5), statistic="Maximum"),
        threshold=0,
        comparison_operator=_Operator.GREATER_THAN_THRESHOLD,
        evaluation_periods=1,
        treat_missing_data=aws_cloudwatch.TreatMissingData.NOT_BREACHING,
    )
    alarm.add_alarm_action(aws_cloudwatch_actions.SnsAction(topic))
