"""Transform jobs: the end of each starts the state machine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from aws_cdk import CustomResource, Duration, Stack, aws_events, aws_events_targets, aws_sqs, aws_stepfunctions
from constructs import Construct

from infra.config.batch_transform import BatchTransform
from infra.constructs.permissions import Grant, service_role


def start_after_jobs(
    scope: Construct,
    *,
    watched: BatchTransform,
    machine: aws_stepfunctions.StateMachine,
    baselines: Iterable[CustomResource],
    dead_letters: aws_sqs.IQueue,
) -> aws_events.Rule:
    """Declare the rule that starts runs when a watched job has completed.

    SageMaker may tell an end more than once; a run that is repeated writes what it wrote before.

    Parameters
    ----------
    baselines : iterable of CustomResource
        Nothing is started before they are made.
    """
    role = service_role(scope, "TransformEventsRole", "events", [])  # may start the state machine: CDK adds it
    name = aws_events.EventField.from_path("$.detail.TransformJobName")
    rule = aws_events.Rule(
        scope,
        "TransformJobCompleted",
        description=f"A transform job of {watched.name} has completed",
        event_pattern=aws_events.EventPattern(
            source=["aws.sagemaker"], detail_type=["SageMaker Transform Job State Change"], detail=_completed(watched)
        ),
        targets=[
            aws_events_targets.SfnStateMachine(
                machine,
                input=aws_events.RuleTargetInput.from_object({"transform_job": name}),
                role=role,
                dead_letter_queue=dead_letters,
                retry_attempts=10,
                max_event_age=Duration.hours(6),
            )
        ],
    )
    rule.node.add_dependency(*baselines)
    return rule


def describe_transform_jobs(scope: Construct) -> list[Grant]:
    """Allow to ask where a job has captured its data, and when it ended: its events do not tell."""
    jobs = Stack.of(scope).format_arn(service="sagemaker", resource="transform-job", resource_name="*")
    return [Grant(("sagemaker:DescribeTransformJob",), (jobs,), wildcard="Whoever starts transform jobs names them.")]


def _completed(watched: BatchTransform) -> dict[str, Any]:
    """Return what the events of watched jobs have in common. Output paths are given with and without a final slash."""
    below = [watched.output.rstrip("/"), {"prefix": watched.output}]
    return {
        "TransformJobStatus": ["Completed"],
        "TransformOutput": {"S3OutputPath": below},
        **({"ModelName": [{"prefix": watched.model}]} if watched.model else {}),
    }
