"""The baseline of every monitor, made or imported at deployment; schedules wait for it."""

from __future__ import annotations

from collections.abc import Iterator

from aws_cdk import CustomResource, Duration, RemovalPolicy, Stack
from constructs import Construct

from infra.config import EndpointConfig
from infra.config.monitors import Monitor
from infra.constructs.functions import MonitorFunction
from infra.constructs.permissions import Grant, Place, decrypt, list_objects, objects, use_key
from infra.constructs.storage import Storage
from monitoring_core.metric_names import champion_parameter

_RESOURCE_TYPE = "Custom::WatchkeeperBaseline"
_ANSWER_MARGIN_SECONDS = 60


class Baselines(Construct):
    """The function that makes baselines, and one custom resource per monitor.

    Attributes
    ----------
    maker : MonitorFunction
        Makes them.
    by_monitor : dict of str to CustomResource
        Attributes: ``BaselineId``, ``StatisticsUri``, ``ConstraintsUri``, ``Rows``.
    """

    def __init__(self, scope: Construct, construct_id: str, *, config: EndpointConfig, storage: Storage) -> None:
        super().__init__(scope, construct_id)
        self._config, self._storage = config, storage
        self.maker = MonitorFunction(
            self, "Maker", name="baseline", config=config, key=storage.key, grants=self._grants()
        )
        self.by_monitor = {monitor.name: self._baseline(self.maker, monitor) for monitor in config.monitors}

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
        baseline, promotion = self._config.baseline, self._config.promotion
        own = Place(self._storage.bucket.bucket_name, self._storage.layout.baselines)
        of_monitors = [uri for monitor in self._config.monitors for uri in monitor.sources]
        given = dict.fromkeys((baseline.dataset, baseline.statistics, baseline.constraints, *of_monitors))
        sources = [Place.of(uri) for uri in (*given, *(promotion.artifacts if promotion else ())) if uri]
        if promotion:
            sources.append(Place(self._storage.bucket.bucket_name, self._storage.layout.retraining))
            yield Grant(("ssm:GetParameter",), (champion_arn(self, self._config),))
        yield from list_objects(self, [own, *sources])
        yield objects(self, [own, *sources], "GetObject")
        yield objects(self, [own], "PutObject")
        yield use_key(self._storage.key.key_arn)
        yield from decrypt(*self._config.decrypt_keys)


def champion_arn(scope: Construct, config: EndpointConfig) -> str:
    """Return the ARN of the parameter that names the champion."""
    name = champion_parameter(config.name).removeprefix("/")
    return Stack.of(scope).format_arn(service="ssm", resource="parameter", resource_name=name)


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
        "Endpoint": config.name,
        "Monitor": monitor.name,
        "Model": model_identity(config),
        "Spec": monitor.spec(config.data_schema).model_dump_json(),
        "PeriodSeconds": str(monitor.schedule.period_seconds),
        **({"Champion": champion_parameter(config.name)} if config.promotion else {}),
        **({"Compat": "aws"} if _is_for_clarify(monitor) else {}),
        **source,
    }


def _is_for_clarify(monitor: Monitor) -> bool:
    """Return whether Clarify is to read the baseline: then it is what Clarify would have made of all rows."""
    return monitor.runtime == "managed" and monitor.kind in {"model-bias", "model-explainability"}


def model_identity(config: EndpointConfig) -> str:
    """Return what the baseline is bound to: model package or artifact of the first variant, else the endpoint."""
    if config.created is None:
        return config.name
    model = config.created.variants[0].model
    return model.package or model.artifact
