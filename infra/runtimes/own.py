"""Our own runtime: EventBridge Scheduler starts a state machine, whose engines fold the data of each window."""

from __future__ import annotations

from typing import Any

from aws_cdk import Duration, aws_lambda, aws_sqs, aws_stepfunctions
from constructs import Construct

from infra.config import EndpointConfig
from infra.constructs.baseline import Baselines
from infra.constructs.functions import MonitorFunction
from infra.constructs.image import ProductImage
from infra.constructs.permissions import Grant, Place, decrypt, default_bus, list_objects, objects, use_key
from infra.constructs.shared import shared_turns
from infra.constructs.storage import Storage
from infra.constructs.turns import take_turns
from infra.runtimes.backfill import Backfill
from infra.runtimes.definition import FUNCTIONS_SECONDS, MAX_CONCURRENCY, Definition
from infra.runtimes.jobs import FULL_SECONDS, START_SECONDS, OwnJobs, pass_data
from infra.runtimes.run_specs import capture_keys, captured_places, ground_truth_prefixes, limits, run_spec
from infra.runtimes.schedules import Schedules
from infra.runtimes.state_machine import keep_failed_executions, state_machine
from infra.runtimes.transform_jobs import describe_transform_jobs, start_after_jobs


class OwnRuntime(Construct):
    """State machine, schedules and backfill of the monitors that do not run in Model Monitor.

    Parameters
    ----------
    images : dict of str to ProductImage
        By engine: ``processing`` and ``spark``, where the stack has them.

    Attributes
    ----------
    state_machine : StateMachine
        Started with ``{"monitors", "scheduled_time"}``, ``{"monitors", "window"}`` or ``{"transform_job"}``.
    backfill : StateMachine
        Started with ``{"from", "to"}``.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: EndpointConfig,
        storage: Storage,
        baselines: Baselines,
        images: dict[str, ProductImage],
        dead_letters: aws_sqs.IQueue,
    ) -> None:
        super().__init__(scope, construct_id)
        self._config, self._storage = config, storage
        runs = {monitor.name: run_spec(config, monitor, storage) for monitor in config.own_monitors}
        self.state_machine = self._state_machine(runs, self._jobs(images))
        keep_failed_executions(self, config=config, machine=self.state_machine, dead_letters=dead_letters)
        if config.batch_transform and config.batch_transform.by_job:
            start_after_jobs(
                self,
                watched=config.batch_transform,
                machine=self.state_machine,
                baselines=baselines.by_monitor.values(),
                dead_letters=dead_letters,
            )
        Schedules(
            self,
            "Schedules",
            config=config,
            storage=storage,
            machine=self.state_machine,
            baselines=baselines.by_monitor,
            dead_letters=dead_letters,
        )
        backfill = Backfill(self, "Backfill", config=config, storage=storage, runs=runs, machine=self.state_machine)
        self.backfill = backfill.machine

    def _jobs(self, images: dict[str, ProductImage]) -> dict[str, OwnJobs]:
        """Return the engines that are jobs."""
        sections = {"processing": (self._config.processing, ["fold"]), "spark": (self._config.spark, [])}
        return {
            engine: OwnJobs(
                self,
                f"{engine.capitalize()}Jobs",
                config=self._config,
                storage=self._storage,
                machines=machines,
                image=images[engine],
                data=pass_data(self._config, self._storage),
                arguments=arguments,
            )
            for engine, (machines, arguments) in sections.items()
            if machines
        }

    def _state_machine(self, runs: dict[str, Any], jobs: dict[str, OwnJobs]) -> aws_stepfunctions.StateMachine:
        turns = shared_turns(self, self._config.fleet) if self._config.fleet and jobs else ""
        grants = self._grants(with_jobs=bool(jobs))
        if turns:
            grants["plan"] += take_turns(self, turns, self._storage.key.key_arn)
        functions = {name: self._function(name, granted) for name, granted in grants.items()}
        given = {"runs": runs, "limits": limits(self._config), "engines": ["function", *jobs]}
        given |= {"turns": turns} if turns else {}
        definition = Definition(self, "Definition", given=given, functions=functions, jobs=jobs, in_turn=bool(turns))
        return state_machine(
            self,
            "StateMachine",
            config=self._config,
            comment="runs",
            start=definition.start,
            functions=functions.values(),
            grants=[grant for job in jobs.values() for grant in job.starter_grants()],
            key=self._storage.key,
            timeout=self._timeout(jobs),
        )

    def _timeout(self, jobs: dict[str, OwnJobs]) -> Duration:
        """Return how long an execution may take: as many passes as monitors, of which some run at the same time."""
        rounds = -(-len(self._config.own_monitors) // MAX_CONCURRENCY)
        longest = max((job.timeout_seconds + FULL_SECONDS + START_SECONDS for job in jobs.values()), default=0)
        return Duration.seconds(rounds * (FUNCTIONS_SECONDS + longest))

    def _function(self, name: str, grants: list[Grant]) -> aws_lambda.Function:
        key = self._storage.key
        made = MonitorFunction(
            self, f"{name.capitalize()}Function", name=name, config=self._config, key=key, grants=grants
        )
        return made.function

    def _grants(self, *, with_jobs: bool) -> dict[str, list[Grant]]:
        layout, bucket = self._storage.layout, self._storage.bucket.bucket_name
        baselines, reports, history = (Place(bucket, key) for key in (layout.baselines, layout.reports, layout.history))
        work = [Place(bucket, layout.work)] if with_jobs else []
        captured = captured_places(self._config, self._storage)
        labels = [Place.of(uri) for uri in ground_truth_prefixes(self._config, self._storage)]
        stack_key = use_key(self._storage.key.key_arn)
        keys = capture_keys(self._config)
        return {
            "plan": [
                *list_objects(self, [*captured, baselines, *(labels if with_jobs else ())]),
                objects(self, [*captured, baselines], "GetObject"),
                *([objects(self, work, "PutObject")] if work else ()),
                stack_key,
                *decrypt(*keys),
                *(describe_transform_jobs(self) if self._config.batch_transform else ()),
            ],
            "evaluate": [
                *list_objects(self, [*captured, baselines, reports, *work, *labels]),
                objects(self, [*captured, baselines, reports, *work, *labels], "GetObject"),
                objects(self, [reports, history], "PutObject"),
                objects(self, [reports], "DeleteObject"),
                stack_key,
                *decrypt(*keys, *(self._config.decrypt_keys if labels else ())),
            ],
            "publish": [
                *list_objects(self, [reports]),
                objects(self, [reports], "GetObject", "PutObject"),
                stack_key,
                Grant(("events:PutEvents",), (default_bus(self),)),
            ],
        }
