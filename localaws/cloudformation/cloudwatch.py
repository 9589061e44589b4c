"""CloudWatch alarms and dashboards."""

from __future__ import annotations

from localaws.cloudformation.resource import ApiResource, Properties


class _Alarm(ApiResource):
    NAME = "AlarmName"
    OPERATION = ""

    def create(self) -> None:
        """Put the alarm."""
        getattr(self.client("cloudwatch"), self.OPERATION)(**self.named())
        self.attributes = {"Arn": self.arn("cloudwatch", f"alarm:{self.name}")}

    def update(self, properties: Properties) -> None:
        """Put the alarm again, which keeps its state."""
        self.properties = {key: value for key, value in properties.items() if key != self.NAME}
        self.create()

    def remove(self) -> None:
        """Delete the alarm."""
        self.client("cloudwatch").delete_alarms(AlarmNames=[self.name])


class Alarm(_Alarm):
    """``AWS::CloudWatch::Alarm``."""

    TYPE = "AWS::CloudWatch::Alarm"
    OPERATION = "put_metric_alarm"


class CompositeAlarm(_Alarm):
    """``AWS::CloudWatch::CompositeAlarm``."""

    TYPE = "AWS::CloudWatch::CompositeAlarm"
    OPERATION = "put_composite_alarm"


class Dashboard(ApiResource):
    """``AWS::CloudWatch::Dashboard``; moto's own drops the tags."""

    TYPE = "AWS::CloudWatch::Dashboard"
    NAME = "DashboardName"

    def create(self) -> None:
        """Put the dashboard."""
        self.client("cloudwatch").put_dashboard(**self.named())

    def update(self, properties: Properties) -> None:
        """Put the dashboard again."""
        self.properties = {key: value for key, value in properties.items() if key != self.NAME}
        self.create()

    def remove(self) -> None:
        """Delete the dashboard."""
        self.client("cloudwatch").delete_dashboards(DashboardNames=[self.name])


TYPES = (Alarm, CompositeAlarm, Dashboard)
