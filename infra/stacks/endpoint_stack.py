"""One stack per configuration file: everything that watches one endpoint."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnOutput, DefaultStackSynthesizer, Stack, Tags, aws_cloudwatch_actions
from constructs import Construct

from infra.config import EndpointConfig
from infra.constructs.alarms import MonitorAlarms, dead_letter_alarm
from infra.constructs.baseline import Baselines
from infra.constructs.dashboard import dashboard
from infra.constructs.endpoint import MonitoredEndpoint
from infra.constructs.governance import model_card
from infra.constructs.history import History
from infra.constructs.loop import Loop
from infra.constructs.messaging import Messaging
from infra.constructs.retraining import RetrainingPipeline
from infra.constructs.storage import Storage
from infra.runtimes.function import FunctionRuntime
from infra.runtimes.managed import ManagedRuntime


class EndpointStack(Stack):
    """Storage, endpoint, baselines, runtimes, alarms and the loop of one endpoint."""

    def __init__(self, scope: Construct, construct_id: str, *, config: EndpointConfig, **stack: Any) -> None:
        description = f"Watchkeeper: monitoring of the SageMaker endpoint {config.endpoint.name}"
        synthesizer = DefaultStackSynthesizer(generate_bootstrap_version_rule=False)
        super().__init__(scope, construct_id, description=description, synthesizer=synthesizer, **stack)
        self._config = config
        self._storage = Storage(self, "Storage", config=config)
        self._messaging = Messaging(self, "Messaging", config=config, key=self._storage.key)
        self._baselines = Baselines(self, "Baselines", config=config, storage=self._storage)
        endpoint = self._endpoint()
        self._alarms = {
            monitor.name: MonitorAlarms(self, f"Alarms-{monitor.name}", config=config, monitor=monitor)
            for monitor in config.monitors
        }
        self._function_runtime()
        self._managed_runtime(endpoint)
        History(self, "History", config=config, storage=self._storage)
        model_card(self, config, self._storage)
        dashboard(self, config, self._alarms)
        dead_letter_alarm(self, config, self._messaging.dead_letters, self._messaging.topic)
        for key, value in config.governance.tags.items():
            Tags.of(self).add(key, value)
        if config.governance.owner:
            Tags.of(self).add("owner", config.governance.owner)
        if self._storage.emptied:
            for part in self.node.children:
                if part is not self._storage:
                    part.node.add_dependency(self._storage.emptied)
        CfnOutput(self, "BucketName", value=self._storage.bucket.bucket_name)
        CfnOutput(self, "TopicArn", value=self._messaging.topic.topic_arn)

    def _endpoint(self) -> MonitoredEndpoint | None:
        create = self._config.endpoint.create
        if create is None:
            return None
        return MonitoredEndpoint(self, "Endpoint", config=self._config, variants=create.variants, storage=self._storage)

    def _function_runtime(self) -> None:
        """State machine, schedules and the loop of the monitors that run in Lambda."""
        monitors = [monitor for monitor in self._config.monitors if monitor.runtime == "function"]
        if not monitors:
            return
        runtime = FunctionRuntime(
            self,
            "Runs",
            config=self._config,
            monitors=monitors,
            storage=self._storage,
            baselines=self._baselines,
            dead_letters=self._messaging.dead_letters,
        )
        CfnOutput(self, "StateMachineArn", value=runtime.state_machine.state_machine_arn)
        groups = [self._alarms[monitor.name] for monitor in monitors]
        loop = Loop(self, "Loop", config=self._config, storage=self._storage, messaging=self._messaging)
        pipeline = self._pipeline_arn()
        loop.notify([alarm for group in groups for alarm in group.all], pipeline)
        if self._config.retraining and pipeline:
            loop.retrain([group.violations for group in groups], self._config.retraining, pipeline)

    def _pipeline_arn(self) -> str | None:
        retraining = self._config.retraining
        if retraining is None or retraining.training is None:
            return retraining.pipeline if retraining else None
        return RetrainingPipeline(
            self, "Retraining", config=self._config, training=retraining.training, storage=self._storage
        ).arn

    def _managed_runtime(self, endpoint: MonitoredEndpoint | None) -> None:
        """Model Monitor schedules; their alarms tell the topic directly."""
        monitors = [monitor for monitor in self._config.monitors if monitor.runtime == "managed"]
        if not monitors:
            return
        runtime = ManagedRuntime(
            self,
            "Managed",
            config=self._config,
            monitors=monitors,
            storage=self._storage,
            baselines=self._baselines,
        )
        runtime.report_failures(self._messaging.topic, self._messaging.dead_letters)
        for schedule in runtime.schedules:
            if endpoint:
                schedule.add_resource_dependency(endpoint.endpoint)
        for monitor in monitors:
            for alarm in self._alarms[monitor.name].all:
                alarm.add_alarm_action(aws_cloudwatch_actions.SnsAction(self._messaging.topic))
                alarm.add_ok_action(aws_cloudwatch_actions.SnsAction(self._messaging.topic))
