"""Properties that cannot be read back, and why; every other property of every resource is compared."""

from __future__ import annotations

from collections.abc import Mapping

UNREADABLE: Mapping[tuple[str, str], str] = {
    ("AWS::ApplicationAutoScaling::ScalableTarget", "Tags"): "moto drops them, and has no operation to list them",
    ("AWS::CDK::Metadata", "Analytics"): "says which constructs were used; nothing is made",
    ("AWS::ECR::Repository", "EmptyOnDelete"): "says how to delete, and is not kept",
    ("AWS::SageMaker::ModelCard", "Tags"): "moto keeps them, but its list_tags does not find model cards",
    ("AWS::SageMaker::Endpoint", "ExcludeRetainedVariantProperties"): "says how to update, and is not kept",
    ("AWS::SageMaker::Endpoint", "RetainAllVariantProperties"): "says how to update, and is not kept",
    ("Custom::WatchkeeperBaseline", "Champion"): "says where a promoted model is looked up, and is not kept",
    ("Custom::WatchkeeperBaseline", "FunctionBytes"): "says where a baseline is made, not how",
    ("Custom::WatchkeeperBaseline", "Jobs"): "says where a baseline is made, not how",
    ("Custom::WatchkeeperBaseline", "PeriodSeconds"): "decides nothing about a baseline that is imported",
    ("Custom::WatchkeeperBaseline", "Runtime"): "says where a baseline is made, not how",
    ("Custom::WatchkeeperBaseline", "ServiceToken"): "CloudFormation's own: whom it asks",
    ("Custom::WatchkeeperBaseline", "Spec"): "decides nothing about a baseline that is imported",
    ("Custom::WatchkeeperBaseline", "ServiceTimeout"): "CloudFormation's own: how long it waits for the answer",
    ("Custom::WatchkeeperAnalysisConfig", "ServiceToken"): "CloudFormation's own: whom it asks",
    ("Custom::WatchkeeperAnalysisConfig", "ServiceTimeout"): "CloudFormation's own: how long it waits for the answer",
    ("Custom::WatchkeeperChampion", "ServiceToken"): "CloudFormation's own: whom it asks",
    ("Custom::WatchkeeperChampion", "ServiceTimeout"): "CloudFormation's own: how long it waits for the answer",
    ("Custom::WatchkeeperImage", "ServiceToken"): "CloudFormation's own: whom it asks",
    ("Custom::WatchkeeperImage", "ServiceTimeout"): "CloudFormation's own: how long it waits for the answer",
    ("Custom::WatchkeeperModelMonitorAccess", "ServiceToken"): "CloudFormation's own: whom it asks",
    (
        "Custom::WatchkeeperModelMonitorAccess",
        "ServiceTimeout",
    ): "CloudFormation's own: how long it waits for the answer",
    ("Custom::WatchkeeperScheduleGuard", "ServiceToken"): "CloudFormation's own: whom it asks",
    ("Custom::WatchkeeperScheduleGuard", "ServiceTimeout"): "CloudFormation's own: how long it waits for the answer",
    ("Custom::WatchkeeperBucketContents", "ServiceToken"): "CloudFormation's own: whom it asks",
    ("Custom::WatchkeeperBucketContents", "ServiceTimeout"): "CloudFormation's own: how long it waits for the answer",
}
"""(type, property) -> reason. The property may be missing; where it can be read it must be right."""
