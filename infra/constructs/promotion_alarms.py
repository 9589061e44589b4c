"""The alarms of promotion: errors, latency, and what serves that nobody approved."""

from __future__ import annotations

from collections.abc import Iterator

from aws_cdk import Duration, aws_cloudwatch, aws_cloudwatch_actions, aws_sns
from constructs import Construct

from infra.config import EndpointConfig
from infra.config.promotion import Promotion
from infra.constructs.champion import variant_name
from monitoring_core.metric_names import NAMESPACE, UNAPPROVED_CHANGES


class PromotionAlarms(Construct):
    """What takes a deployment back, and what tells of an unapproved change; each tells the topic itself.

    Attributes
    ----------
    guards : list of Alarm
        Errors and latency; empty without `rollback_alarms`.
    identity : Alarm
        Something else serves than was put into service.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: EndpointConfig,
        promotion: Promotion,
        topic: aws_sns.ITopic,
    ) -> None:
        super().__init__(scope, construct_id)
        self._config, self._promotion = config, promotion
        self.guards = [self._errors(), *self._latency()] if promotion.rollback_alarms else []
        self.identity = self._identity_alarm()
        for alarm in (*self.guards, self.identity):
            alarm.add_alarm_action(aws_cloudwatch_actions.SnsAction(topic))

    def _errors(self) -> aws_cloudwatch.Alarm:
        most = self._promotion.max_error_share
        share = aws_cloudwatch.MathExpression(
            expression="errors / invocations",
            using_metrics={
                "errors": self._metric("Invocation5XXErrors", "Sum"),
                "invocations": self._metric("Invocations", "Sum"),
            },
            label="Share of invocations that failed with a 5xx",
            period=Duration.minutes(1),
        )
        text = f"More than {most:.3g} of a minute's invocations of {self._config.name} failed with a 5xx."
        return self._alarm("errors", text, share, most)

    def _latency(self) -> Iterator[aws_cloudwatch.Alarm]:
        most = self._promotion.max_latency_ms
        if most is None:
            return
        text = f"The model of {self._config.name} took more than {most} ms on average over a minute."
        yield self._alarm("latency", text, self._metric("ModelLatency", "Average"), most * 1000)

    def _identity_alarm(self) -> aws_cloudwatch.Alarm:
        metric = aws_cloudwatch.Metric(
            namespace=NAMESPACE,
            metric_name=UNAPPROVED_CHANGES.name,
            dimensions_map={"Endpoint": self._config.name},
            statistic="Maximum",
            period=Duration.hours(1),
        )
        text = f"{self._config.name} does not serve what was put into service last; a message says what changed."
        return self._alarm("identity", text, metric, 0)

    def _metric(self, name: str, statistic: str) -> aws_cloudwatch.Metric:
        return aws_cloudwatch.Metric(
            namespace="AWS/SageMaker",
            metric_name=name,
            dimensions_map={"EndpointName": self._config.name, "VariantName": variant_name(self._config)},
            statistic=statistic,
            period=Duration.minutes(1),
        )

    def _alarm(self, name: str, text: str, metric: aws_cloudwatch.IMetric, threshold: float) -> aws_cloudwatch.Alarm:
        return aws_cloudwatch.Alarm(
            self,
            name.capitalize(),
            alarm_name=f"{self._config.name}-{name}",
            alarm_description=f"{text} What to do: {self._config.alarms.runbook}#{name}",
            metric=metric,
            threshold=threshold,
            comparison_operator=aws_cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=1,
            treat_missing_data=aws_cloudwatch.TreatMissingData.NOT_BREACHING,
        )
