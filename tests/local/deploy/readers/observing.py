"""CloudWatch and its logs."""

from __future__ import annotations

from collections.abc import Mapping

from tests.local.deploy.readers.shape import Client, Properties, Reader, only, tag_list


def _alarm(client: Client, physical_id: str, _: Properties) -> Properties:
    cloudwatch = client("cloudwatch")
    found = only(cloudwatch.describe_alarms(AlarmNames=[physical_id])["MetricAlarms"])
    return {**found, "Tags": cloudwatch.list_tags_for_resource(ResourceARN=found["AlarmArn"])["Tags"]}


def _dashboard(client: Client, physical_id: str, _: Properties) -> Properties:
    cloudwatch = client("cloudwatch")
    found = cloudwatch.get_dashboard(DashboardName=physical_id)
    return {**found, "Tags": cloudwatch.list_tags_for_resource(ResourceARN=found["DashboardArn"])["Tags"]}


def _log_group(client: Client, physical_id: str, _: Properties) -> Properties:
    logs = client("logs")
    groups = logs.describe_log_groups(logGroupNamePrefix=physical_id)["logGroups"]
    found = only(group for group in groups if group["logGroupName"] == physical_id)
    tags = logs.list_tags_for_resource(resourceArn=found["logGroupArn"])["tags"]
    return {
        "KmsKeyId": found.get("kmsKeyId"),
        "LogGroupName": physical_id,
        "RetentionInDays": found.get("retentionInDays"),
        "Tags": tag_list(tags),
    }


READERS: Mapping[str, Reader] = {
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::CloudWatch::Dashboard": _dashboard,
    "AWS::Logs::LogGroup": _log_group,
}
