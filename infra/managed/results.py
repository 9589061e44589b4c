"""Executions that are over become runs like all others: a state machine reads what Amazon wrote, and publishes it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from aws_cdk import (
    Duration,
    Stack,
    aws_events,
    aws_events_targets,
    aws_lambda,
    aws_sqs,
    aws_stepfunctions,
)
from constructs import Construct

from infra.config import EndpointConfig
from infra.config.monitors import Monitor
from infra.constructs.functions import MonitorFunction
from infra.constructs.permissions import Grant, Place, default_bus, list_objects, objects, service_role, use_key
from infra.constructs.scheduling import Scheduler
from infra.constructs.storage import Storage
from infra.managed.role import merge_prefix
from infra.runtimes.definition import MAX_CONCURRENCY, invoke
from infra.runtimes.run_specs import run_spec
from infra.runtimes.state_machine import keep_failed_executions, state_machine

_POLL: Final = {"poll": True}


class ManagedResults(Construct):
    """State machine of Model Monitor's results, and what starts it.

    Attributes
    ----------
    state_machine : StateMachine
        Started with the event of a processing job, or ``{"poll": true}``.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: EndpointConfig,
        monitors: Sequence[Monitor],
        storage: Storage,
        dead_letters: aws_sqs.IQueue,
    ) -> None:
        super().__init__(scope, construct_id)
        self._config, self._storage, self._dead_letters = config, storage, dead_letters
        runs = {monitor.name: managed_run_spec(config, monitor, storage) for monitor in monitors}
        read = self._function("managed_result", self._reading())
        publish = self._function("publish", self._publishing())
        self.state_machine = state_machine(
            self,
            "StateMachine",
            config=config,
            comment="results of Model Monitor",
            start=self._definition(runs, read, publish),
            functions=[read, publish],
            key=storage.key,
            timeout=Duration.hours(1),
        )
        keep_failed_executions(self, config=config, machine=self.state_machine, dead_letters=dead_letters)
        self._on_job_end()
        self._poll()

    def _definition(
        self, runs: dict[str, Any], read: aws_lambda.IFunction, publish: aws_lambda.IFunction
    ) -> aws_stepfunctions.IChainable:
        """Publish each execution that is new; one that failed is told by its own alarm, and fails nothing here."""
        given = {"runs": runs, "event.$": "$", "started_at.$": "$$.Execution.StartTime"}
        specs = aws_stepfunctions.Pass(self, "Specs", parameters=given)
        passes = aws_stepfunctions.Map(self, "Runs", items_path="$.passes", max_concurrency=MAX_CONCURRENCY)
        passes.item_processor(invoke(self, "Publish", publish, result_path="$"))
        return specs.next(invoke(self, "Read", read, result_path="$")).next(passes)

    def _on_job_end(self) -> None:
        """Start when a job of one of the schedules has ended; other jobs do not write below these prefixes."""
        prefixes = dict.fromkeys((self._storage.layout.reports, merge_prefix(self._config)))
        outputs = {"S3Output": {"S3Uri": [{"prefix": self._storage.uri(prefix)} for prefix in prefixes]}}
        role = service_role(self, "EventsRole", "events", [])  # may start this state machine: CDK adds it
        aws_events.Rule(
            self,
            "JobEnded",
            description=f"A Model Monitor job of {self._config.name} has ended",
            event_pattern=aws_events.EventPattern(
                source=["aws.sagemaker"],
                detail_type=["SageMaker Processing Job State Change"],
                detail={
                    "ProcessingJobStatus": ["Completed", "Failed", "Stopped"],
                    "ProcessingOutputConfig": {"Outputs": outputs},
                },
            ),
            targets=[
                aws_events_targets.SfnStateMachine(
                    self.state_machine,
                    role=role,
                    dead_letter_queue=self._dead_letters,
                    retry_attempts=10,
                    max_event_age=Duration.hours(6),
                )
            ],
        )

    def _poll(self) -> None:
        """Look every hour: events can be lost, and an execution that finds no data starts no job."""
        start = Grant(("states:StartExecution",), (self.state_machine.state_machine_arn,))
        scheduler = Scheduler(
            self, "PollRole", start=start, key=self._storage.key.key_arn, dead_letters=self._dead_letters
        )
        scheduler.add(
            "Poll",
            description=f"{self._config.name}: executions of Model Monitor that are over",
            expression="rate(1 hour)",
            message=json.dumps(_POLL),
            max_age_seconds=1800,
            attempts=10,
            within_minutes=15,
        )

    def _function(self, name: str, grants: list[Grant]) -> aws_lambda.Function:
        words = "".join(word.capitalize() for word in name.split("_"))
        made = MonitorFunction(
            self, f"{words}Function", name=name, config=self._config, key=self._storage.key, grants=grants
        )
        return made.function

    def _reading(self) -> list[Grant]:
        bucket, layout = self._storage.bucket.bucket_name, self._storage.layout
        reports, baselines = Place(bucket, layout.reports), Place(bucket, layout.baselines)
        jobs = Stack.of(self).format_arn(service="sagemaker", resource="processing-job", resource_name="*")
        unnamed = "SageMaker names no resources in lists of executions, and Model Monitor names the jobs."
        return [
            *list_objects(self, [reports, baselines]),
            objects(self, [reports, baselines], "GetObject"),
            objects(self, [reports, Place(bucket, layout.history)], "PutObject"),
            use_key(self._storage.key.key_arn),
            Grant(("sagemaker:ListMonitoringExecutions",), ("*",), wildcard=unnamed),
            Grant(("sagemaker:DescribeProcessingJob",), (jobs,), wildcard=unnamed),
        ]

    def _publishing(self) -> list[Grant]:
        reports = Place(self._storage.bucket.bucket_name, self._storage.layout.reports)
        return [
            *list_objects(self, [reports]),
            objects(self, [reports], "GetObject", "PutObject"),
            use_key(self._storage.key.key_arn),
            Grant(("events:PutEvents",), (default_bus(self),)),
        ]


def managed_run_spec(config: EndpointConfig, monitor: Monitor, storage: Storage) -> dict[str, Any]:
    """Return the monitor's `RunSpec`: that of our own runtime, less the engine, which Model Monitor is."""
    return {name: value for name, value in run_spec(config, monitor, storage).items() if name != "runtime"}
