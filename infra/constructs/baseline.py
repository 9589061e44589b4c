"""The baseline of every monitor, made or imported at deployment; schedules wait for it."""

from __future__ import annotations

from collections.abc import Iterator

from aws_cdk import CustomResource, Duration, RemovalPolicy
from constructs import Construct

from infra.config import EndpointConfig
from infra.config.monitors import Monitor
from infra.constructs.functions import MonitorFunction
from infra.constructs.permissions import Grant, Place, decrypt, list_objects, objects, use_key
from infra.constructs.storage import Storage

_RESOURCE_TYPE = "Custom::WatchkeeperBaseline"
_ANSWER_MARGIN_SECONDS = 60


class Baselines(Construct):
    """The function that makes baselines, and one custom resource per monitor.

    Attributes
    ----------
    by_monitor : dict of str to CustomResource
        Attributes: ``BaselineId``, ``StatisticsUri``, ``ConstraintsUri``, ``Rows``.
    """

    def __init__(self, scope: Construct, construct_id: str, *, config: EndpointConfig, storage: Storage) -> None:
        super().__init__(scope, construct_id)
        self._config, self._storage = config, storage
        made = MonitorFunction(self, "Maker", name="baseline", config=config, key=storage.key, grants=self._grants())
        self.by_monitor = {monitor.name: self._baseline(made, monitor) for monitor in config.monitors}

    def _baseline(self, made: MonitorFunction, monitor: Monitor) -> CustomResource:
        resource = CustomResource(
            self,
            f"Baseline-{monitor.name}",
            resource_type=_RESOURCE_TYPE,
            service_token=made.function.function_arn,
            service_timeout=Duration.seconds(self._config.runtime.function.timeout_seconds + _ANSWER_MARGIN_SECONDS),
            removal_policy=RemovalPolicy.DESTROY,
            properties=baseline_properties(self._config, monitor) | {"Bucket": self._storage.bucket.bucket_name},
        )
        resource.node.add_dependency(made)
        return resource

    def _grants(self) -> Iterator[Grant]:
        baseline = self._config.baseline
        own = Place(self._storage.bucket.bucket_name, self._storage.layout.baselines)
        of_monitors = [uri for monitor in self._config.monitors for uri in monitor.sources]
        given = dict.fromkeys((baseline.dataset, baseline.statistics, baseline.constraints, *of_monitors))
        sources = [Place.of(uri) for uri in given if uri]
        yield from list_objects(self, [own, *sources])
        yield objects(self, [own, *sources], "GetObject")
        yield objects(self, [own], "PutObject")
        yield use_key(self._storage.key.key_arn)
        yield from decrypt(*self._config.decrypt_keys)


def baseline_properties(config: EndpointConfig, monitor: Monitor) -> dict[str, str]:
    """Return what decides a baseline, as the custom resource gets it (docs/interfaces.md)."""
    baseline = config.baseline
    dataset = monitor.dataset or baseline.dataset
    source = (
        {"Dataset": dataset, "TimeColumn": baseline.time_column or ""}
        if dataset
        else {"Statistics": baseline.statistics or "", "Constraints": baseline.constraints or ""}
    )
    return {
        "Endpoint": config.endpoint.name,
        "Monitor": monitor.name,
        "Model": model_identity(config),
        "Spec": monitor.spec(config.data_schema).model_dump_json(),
        "PeriodSeconds": str(monitor.schedule.period_seconds),
        **source,
    }


def model_identity(config: EndpointConfig) -> str:
    """Return what the baseline is bound to: model package or artifact of the first variant, else the endpoint."""
    if config.endpoint.create is None:
        return config.endpoint.name
    model = config.endpoint.create.variants[0].model
    return model.package or model.artifact
