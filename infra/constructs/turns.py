"""The counter by which the jobs of a fleet start one after the other (`functions.plan.turns`)."""

from __future__ import annotations

from aws_cdk import RemovalPolicy, Stack, aws_dynamodb, aws_kms
from constructs import Construct

from infra.constructs.permissions import Grant, use_table_key


def turn_table(scope: Construct, key: aws_kms.IKey) -> aws_dynamodb.Table:
    """Declare the table; it holds one number, which need not outlive the fleet."""
    return aws_dynamodb.Table(
        scope,
        "Turns",
        partition_key=aws_dynamodb.Attribute(name="queue", type=aws_dynamodb.AttributeType.STRING),
        billing_mode=aws_dynamodb.BillingMode.PAY_PER_REQUEST,
        encryption=aws_dynamodb.TableEncryption.CUSTOMER_MANAGED,
        encryption_key=key,
        point_in_time_recovery_specification=aws_dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
        removal_policy=RemovalPolicy.DESTROY,
    )


def take_turns(scope: Construct, table_name: str, key: str) -> list[Grant]:
    """Allow to take turns."""
    arn = Stack.of(scope).format_arn(service="dynamodb", resource="table", resource_name=table_name)
    return [Grant(("dynamodb:UpdateItem",), (arn,)), use_table_key(scope, key)]
