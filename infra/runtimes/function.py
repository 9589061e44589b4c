"""Runtime `function`: EventBridge Scheduler -> state machine Plan, Evaluate, Publish (docs/interfaces.md)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from aws_cdk import (
    Duration,
    aws_events,
    aws_events_targets,
    aws_iam,
    aws_lambda,
    aws_logs,
    aws_scheduler,
    aws_sqs,
    aws_stepfunctions,
    aws_stepfunctions_tasks,
)
from constructs import Construct

from infra.config import EndpointConfig
from infra.config.monitors import Monitor
from infra.constructs.baseline import Baselines
from infra.constructs.functions import MonitorFunction, log_group
from infra.constructs.nag import acknowledge_wildcard
from infra.constructs.permissions import (
    Grant,
    Place,
    decrypt,
    default_bus,
    list_objects,
    objects,
    service_role,
    use_key,
)
from infra.constructs.storage import Storage
from monitoring_core.metric_names import schedule_name

_SCHEDULED_TIME: Final = "<aws.scheduler.scheduled-time>"
_MAX_EVENT_AGE_SECONDS: Final = 86_400
_ERRORS_WORTH_A_RETRY: Final = [
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
]


class FunctionRuntime(Construct):
    """State machine and schedules of the monitors that run in Lambda.

    Attributes
    ----------
    state_machine : StateMachine
        Started with ``{"monitor", "scheduled_time"}`` or ``{"monitor", "window"}``.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: EndpointConfig,
        monitors: Sequence[Monitor],
        storage: Storage,
        baselines: Baselines,
        dead_letters: aws_sqs.Queue,
    ) -> None:
        super().__init__(scope, construct_id)
        self._config, self._storage = config, storage
        self._functions: list[aws_lambda.Function] = []
        self._capture = Place.of(capture_prefix(config, storage))
        logs = log_group(self, "Logs", config=config, key=storage.key)
        self.state_machine = self._state_machine(monitors, logs)
        self._keep_failed_executions(dead_letters)
        role = self._scheduler_role(dead_letters)
        for monitor in monitors:
            schedules = [self._schedule(monitor, role, dead_letters)]
            if monitor.needs_labels and config.ground_truth.final_after:
                schedules.append(self._schedule(monitor, role, dead_letters, final=True))
            for schedule in schedules:
                schedule.node.add_dependency(role, baselines.by_monitor[monitor.name])

    def _state_machine(self, monitors: Sequence[Monitor], logs: aws_logs.ILogGroup) -> aws_stepfunctions.StateMachine:
        runs = {monitor.name: run_spec(self._config, monitor, self._storage) for monitor in monitors}
        role = service_role(self, "StateMachineRole", "states", [])
        machine = aws_stepfunctions.StateMachine(
            self,
            "StateMachine",
            role=role,
            comment=f"Watchkeeper, endpoint {self._config.endpoint.name}",
            definition_body=aws_stepfunctions.DefinitionBody.from_chainable(self._definition(runs)),
            timeout=Duration.hours(1),
            tracing_enabled=True,
            logs=aws_stepfunctions.LogOptions(
                destination=logs, level=aws_stepfunctions.LogLevel.ALL, include_execution_data=True
            ),
        )
        acknowledge_wildcard(role, "*", "X-Ray and log delivery have no resources to name.")
        for function in self._functions:
            acknowledge_wildcard(role, f"{function.function_arn}:*", "The task may call any version of its function.")
        return machine

    def _definition(self, runs: dict[str, Any]) -> aws_stepfunctions.IChainable:
        failed = aws_stepfunctions.Fail(self, "Failed", cause="The run failed; Publish has reported it.")
        healthy = aws_stepfunctions.Condition.is_not_present("$.error")
        done = (
            aws_stepfunctions.Choice(self, "Did it fail?")
            .when(healthy, aws_stepfunctions.Succeed(self, "Done"))
            .otherwise(failed)
        )
        publish = self._task("publish", "Publish", result_path="$.published").next(done)
        evaluate = self._task("evaluate", "Evaluate", result_path="$.result")
        evaluate.add_catch(publish, result_path="$.error").next(publish)
        nothing = aws_stepfunctions.Condition.string_equals("$.plan.engine", "none")
        plan = self._task("plan", "Plan", result_path="$")
        plan.add_catch(publish, result_path="$.error").next(
            aws_stepfunctions.Choice(self, "Anything to analyse?").when(nothing, publish).otherwise(evaluate)
        )
        given = {"runs": runs, "request.$": "$", "started_at.$": "$$.Execution.StartTime"}
        specs = aws_stepfunctions.Pass(self, "Specs", parameters=given)
        return specs.next(plan)

    def _task(self, name: str, state: str, *, result_path: str) -> aws_stepfunctions_tasks.LambdaInvoke:
        function = MonitorFunction(
            self,
            f"{state}Function",
            name=name,
            config=self._config,
            key=self._storage.key,
            grants=self._grants()[name],
        )
        self._functions.append(function.function)
        task = aws_stepfunctions_tasks.LambdaInvoke(
            self,
            state,
            lambda_function=function.function,
            payload_response_only=True,
            result_path=result_path,
            retry_on_service_exceptions=False,
        )
        task.add_retry(errors=_ERRORS_WORTH_A_RETRY, interval=Duration.seconds(2), max_attempts=6, backoff_rate=2)
        return task

    def _grants(self) -> dict[str, list[Grant]]:
        layout, bucket = self._storage.layout, self._storage.bucket.bucket_name
        baselines, reports, history = (Place(bucket, key) for key in (layout.baselines, layout.reports, layout.history))
        stack_key = use_key(self._storage.key.key_arn)
        labels = [Place.of(uri) for uri in ground_truth_prefixes(self._config, self._storage)]
        capture_keys = [self._config.capture.kms_key] if self._config.capture.kms_key else []
        bus = Grant(("events:PutEvents",), (default_bus(self),))
        return {
            "plan": [*list_objects(self, [self._capture])],
            "evaluate": [
                *list_objects(self, [self._capture, baselines, reports, *labels]),
                objects(self, [self._capture, baselines, reports, *labels], "GetObject"),
                objects(self, [reports, history], "PutObject"),
                objects(self, [reports], "DeleteObject"),
                stack_key,
                *decrypt(*capture_keys, *(self._config.decrypt_keys if labels else ())),
            ],
            "publish": [
                *list_objects(self, [reports]),
                objects(self, [reports], "GetObject", "PutObject"),
                stack_key,
                bus,
            ],
        }

    def _keep_failed_executions(self, dead_letters: aws_sqs.Queue) -> None:
        """Put executions that failed among the dead letters: also those whose Publish could not report it."""
        aws_events.Rule(
            self,
            "ExecutionFailed",
            description=f"An execution for {self._config.endpoint.name} has failed",
            event_pattern=aws_events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={
                    "stateMachineArn": [self.state_machine.state_machine_arn],
                    "status": ["FAILED", "TIMED_OUT", "ABORTED"],
                },
            ),
            targets=[aws_events_targets.SqsQueue(dead_letters, retry_attempts=10, max_event_age=Duration.hours(6))],
        )

    def _scheduler_role(self, dead_letters: aws_sqs.Queue) -> aws_iam.Role:
        grants = [
            Grant(("states:StartExecution",), (self.state_machine.state_machine_arn,)),
            Grant(("sqs:SendMessage",), (dead_letters.queue_arn,)),
            use_key(self._storage.key.key_arn),
        ]
        return service_role(self, "SchedulerRole", "scheduler", grants)

    def _schedule(
        self, monitor: Monitor, role: aws_iam.Role, dead_letters: aws_sqs.Queue, *, final: bool = False
    ) -> aws_scheduler.CfnSchedule:
        """Start the monitor's runs, or with `final` those on late labels."""
        schedule = aws_scheduler.CfnSchedule
        asked = {"monitor": monitor.name, "scheduled_time": _SCHEDULED_TIME} | ({"final": True} if final else {})
        late = ", on late labels" if final else ""
        return schedule(
            self,
            f"Schedule-{monitor.name}{'-final' if final else ''}",
            description=f"{schedule_name(self._config.endpoint.name, monitor.name)}: {monitor.schedule.text}{late}",
            schedule_expression=monitor.schedule.scheduler_expression,
            schedule_expression_timezone="UTC",
            flexible_time_window=schedule.FlexibleTimeWindowProperty(mode="OFF"),
            kms_key_arn=self._storage.key.key_arn,
            target=schedule.TargetProperty(
                arn=self.state_machine.state_machine_arn,
                role_arn=role.role_arn,
                input=json.dumps(asked),
                dead_letter_config=schedule.DeadLetterConfigProperty(arn=dead_letters.queue_arn),
                retry_policy=schedule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=min(monitor.schedule.period_seconds // 2, _MAX_EVENT_AGE_SECONDS),
                    maximum_retry_attempts=10,
                ),
            ),
        )


def capture_prefix(config: EndpointConfig, storage: Storage) -> str:
    """Return where the endpoint's capture files are: below it are variants, then hours."""
    if config.capture.destination:
        return f"{config.capture.destination}{config.endpoint.name}/"
    return storage.uri(storage.layout.capture)


def ground_truth_prefixes(config: EndpointConfig, storage: Storage) -> list[str]:
    """Return where labels are, if any monitor needs them."""
    if not any(monitor.needs_labels for monitor in config.monitors):
        return []
    return [config.ground_truth.prefix or storage.uri(storage.layout.ground_truth)]


def _labels(config: EndpointConfig, storage: Storage) -> dict[str, Any]:
    return {
        "ground_truth_prefixes": ground_truth_prefixes(config, storage),
        "lag_seconds": int(config.ground_truth.lag.total_seconds()),
        "final_seconds": int(config.ground_truth.final_after.total_seconds()) if config.ground_truth.final_after else 0,
    }


def run_spec(config: EndpointConfig, monitor: Monitor, storage: Storage) -> dict[str, Any]:
    """Return the monitor's `RunSpec` (docs/interfaces.md): all that an execution needs to know."""
    return {
        "endpoint": config.endpoint.name,
        "monitor": monitor.name,
        "schedule": schedule_name(config.endpoint.name, monitor.name),
        "bucket": storage.bucket.bucket_name,
        "capture_prefix": capture_prefix(config, storage),
        "period_seconds": monitor.schedule.period_seconds,
        "offset_seconds": monitor.schedule.offset_seconds,
        **(_labels(config, storage) if monitor.needs_labels else {}),
        "emit": list(monitor.emitted),
        "spec": monitor.spec(config.data_schema).model_dump(mode="json"),
        "report_title": f"{config.endpoint.name}: {monitor.name.replace('-', ' ')}",
    }
