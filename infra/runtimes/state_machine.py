"""A state machine with a role, encrypted logs and traces."""

from __future__ import annotations

from collections.abc import Iterable

from aws_cdk import Duration, Stack, aws_events, aws_events_targets, aws_kms, aws_lambda, aws_sqs, aws_stepfunctions
from constructs import Construct

from infra.config import EndpointConfig
from infra.constructs.functions import log_group
from infra.constructs.nag import acknowledge_wildcard
from infra.constructs.permissions import COLON, Grant, service_role


def state_machine(
    scope: Construct,
    construct_id: str,
    *,
    config: EndpointConfig,
    comment: str,
    start: aws_stepfunctions.IChainable,
    functions: Iterable[aws_lambda.IFunction],
    grants: Iterable[Grant] = (),
    key: aws_kms.IKey,
    timeout: Duration,
) -> aws_stepfunctions.StateMachine:
    """Declare a state machine.

    Parameters
    ----------
    functions : iterable of Function
        Those that its states call.
    grants : iterable of Grant
        What its states do beside that.
    """
    logs = log_group(scope, f"{construct_id}Logs", config=config, key=key)
    role = service_role(scope, f"{construct_id}Role", "states", grants)
    machine = aws_stepfunctions.StateMachine(
        scope,
        construct_id,
        role=role,
        comment=f"Watchkeeper, {config.title}: {comment}",
        definition_body=aws_stepfunctions.DefinitionBody.from_chainable(start),
        timeout=timeout,
        tracing_enabled=True,
        logs=aws_stepfunctions.LogOptions(
            destination=logs, level=aws_stepfunctions.LogLevel.ALL, include_execution_data=True
        ),
    )
    acknowledge_wildcard(role, "*", "X-Ray and log delivery have no resources to name.")
    for function in functions:
        acknowledge_wildcard(role, f"{function.function_arn}:*", "The task may call any version of its function.")
    return machine


def keep_failed_executions(
    scope: Construct, *, config: EndpointConfig, machine: aws_stepfunctions.IStateMachine, dead_letters: aws_sqs.IQueue
) -> None:
    """Put executions that failed among the dead letters: also those whose Publish could not report it."""
    aws_events.Rule(
        scope,
        "ExecutionFailed",
        description=f"An execution for {config.name} has failed",
        event_pattern=aws_events.EventPattern(
            source=["aws.states"],
            detail_type=["Step Functions Execution Status Change"],
            detail={
                "stateMachineArn": [machine.state_machine_arn],
                "status": ["FAILED", "TIMED_OUT", "ABORTED"],
            },
        ),
        targets=[aws_events_targets.SqsQueue(dead_letters, retry_attempts=10, max_event_age=Duration.hours(6))],
    )


def executions_arn(scope: Construct, machine: aws_stepfunctions.IStateMachine) -> str:
    """Return what the ARNs of a state machine's executions begin with."""
    stack = Stack.of(scope)
    name = stack.split_arn(machine.state_machine_arn, COLON).resource_name
    return stack.format_arn(service="states", resource="execution", resource_name=name, arn_format=COLON)
