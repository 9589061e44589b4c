"""EventBridge Scheduler."""

from __future__ import annotations

from localaws.cloudformation.resource import ApiResource, Properties


class Schedule(ApiResource):
    """``AWS::Scheduler::Schedule``."""

    TYPE = "AWS::Scheduler::Schedule"
    NAME = "Name"
    MAX_NAME = 64

    def create(self) -> None:
        """Create the schedule."""
        answer = self.client("scheduler").create_schedule(**self.named())
        self.attributes = {"Arn": answer["ScheduleArn"]}

    def update(self, properties: Properties) -> None:
        """Update the schedule."""
        self.properties = {key: value for key, value in properties.items() if key != self.NAME}
        self.client("scheduler").update_schedule(**self.named())

    def remove(self) -> None:
        """Delete the schedule."""
        group = {"GroupName": self.properties["GroupName"]} if "GroupName" in self.properties else {}
        self.client("scheduler").delete_schedule(Name=self.name, **group)


class ScheduleGroup(ApiResource):
    """``AWS::Scheduler::ScheduleGroup``."""

    TYPE = "AWS::Scheduler::ScheduleGroup"
    NAME = "Name"
    MAX_NAME = 64

    def create(self) -> None:
        """Create the group."""
        answer = self.client("scheduler").create_schedule_group(**self.named())
        self.attributes = {"Arn": answer["ScheduleGroupArn"]}

    def remove(self) -> None:
        """Delete the group and its schedules."""
        self.client("scheduler").delete_schedule_group(Name=self.name)


TYPES = (Schedule, ScheduleGroup)
