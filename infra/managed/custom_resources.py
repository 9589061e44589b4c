"""What CloudFormation cannot do with Model Monitor, as custom resources of one function (`functions/model_monitor`)."""

from __future__ import annotations

from typing import Any, Final

from aws_cdk import CustomResource, Duration, RemovalPolicy, Stack
from constructs import Construct

from infra.config import EndpointConfig
from infra.config.monitors import Monitor
from infra.constructs.functions import MonitorFunction
from infra.constructs.permissions import Grant, Place, objects, use_key
from infra.constructs.storage import Storage
from monitoring_core.metric_names import schedule_name

_TIMEOUT_SECONDS: Final = 900
"""Stopping a job and waiting for its end takes minutes."""
_ANSWER_MARGIN_SECONDS: Final = 60
_PROBE_CHARACTERS: Final = 50
_NAMED_BY_AMAZON: Final = "Model Monitor names the jobs of its schedules, and SageMaker the alerts."


class ModelMonitorResources(Construct):
    """The function and its resources."""

    def __init__(self, scope: Construct, construct_id: str, *, config: EndpointConfig, storage: Storage) -> None:
        super().__init__(scope, construct_id)
        self._config, self._storage = config, storage
        self._probe = f"{config.name[:_PROBE_CHARACTERS].rstrip('-')}-preflight".lower()
        self._function = MonitorFunction(
            self,
            "Function",
            name="model_monitor",
            config=config,
            key=storage.key,
            grants=self._grants(),
            timeout_seconds=_TIMEOUT_SECONDS,
        )
        self.access = self._resource("Access", "Custom::WatchkeeperModelMonitorAccess", {"Probe": self._probe})

    def analysis_config(self, monitor: Monitor, document: str) -> CustomResource:
        """Keep what Clarify is to analyse; attribute ``Uri``."""
        prefix = self._storage.uri(f"{self._storage.layout.analysis_configs}{monitor.name}/")
        return self._resource(
            f"AnalysisConfig-{monitor.name}",
            "Custom::WatchkeeperAnalysisConfig",
            {"Prefix": prefix, "Document": document},
        )

    def guard(self, monitor: Monitor) -> CustomResource:
        """Set the alert of a schedule that is there, and end the schedule's executions before it is deleted."""
        rule = self._config.alarm_rule(monitor)
        return self._resource(
            f"Guard-{monitor.name}",
            "Custom::WatchkeeperScheduleGuard",
            {
                "Schedule": schedule_name(self._config.name, monitor.name),
                "DatapointsToAlert": str(rule.datapoints_to_alarm),
                "EvaluationPeriod": str(rule.evaluation_periods),
            },
        )

    def _resource(self, construct_id: str, kind: str, properties: dict[str, Any]) -> CustomResource:
        resource = CustomResource(
            self,
            construct_id,
            resource_type=kind,
            service_token=self._function.function.function_arn,
            service_timeout=Duration.seconds(_TIMEOUT_SECONDS + _ANSWER_MARGIN_SECONDS),
            removal_policy=RemovalPolicy.DESTROY,
            properties=properties,
        )
        resource.node.add_dependency(self._function)
        return resource

    def _grants(self) -> list[Grant]:
        endpoint, layout = self._config.name, self._storage.layout
        spellings = dict.fromkeys((endpoint, endpoint.lower()))  # SageMaker spells names in lower case in some ARNs
        schedules = tuple(self._arn("monitoring-schedule", f"{name}-*") for name in spellings)
        jobs = tuple(self._arn("processing-job", name) for name in ("model-*", "groundtruth-merge-*"))
        verbs = ("StopMonitoringSchedule", "UpdateMonitoringAlert")
        probing = ("CreateMonitoringSchedule", "DeleteMonitoringSchedule")
        lists = ("sagemaker:ListMonitoringAlerts", "sagemaker:ListMonitoringExecutions")
        unnamed = "SageMaker names no resources in lists of executions and alerts."
        return [
            Grant(tuple(f"sagemaker:{v}" for v in probing), (self._arn("monitoring-schedule", self._probe),)),
            Grant(tuple(f"sagemaker:{v}" for v in verbs), schedules, wildcard=_NAMED_BY_AMAZON),
            Grant(lists, ("*",), wildcard=unnamed),
            Grant(("sagemaker:StopProcessingJob",), jobs, wildcard=_NAMED_BY_AMAZON),
            objects(self, [Place(self._storage.bucket.bucket_name, layout.analysis_configs)], "PutObject"),
            use_key(self._storage.key.key_arn),
        ]

    def _arn(self, resource: str, name: str) -> str:
        return Stack.of(self).format_arn(service="sagemaker", resource=resource, resource_name=name)
