"""The baseline of every monitor, made or imported at deployment; schedules wait for it."""

from __future__ import annotations

from collections.abc import Iterator

from aws_cdk import CustomResource, Duration, RemovalPolicy, Stack
from constructs import Construct

from infra.config import EndpointConfig
from infra.config.monitors import Monitor
from infra.config.runtime import ProcessingRuntime
from infra.constructs.baseline_jobs import BaselineJobs
from infra.constructs.functions import MonitorFunction
from infra.constructs.image import ProductImage
from infra.constructs.permissions import Grant, Place, decrypt, list_objects, objects, use_key
from infra.constructs.storage import Storage
from monitoring_core.metric_names import champion_parameter

_RESOURCE_TYPE = "Custom::WatchkeeperBaseline"
_ANSWER_MARGIN_SECONDS = 60
_LONGEST_SECONDS = 3600
"""CloudFormation waits no longer for any custom resource."""
_MEBIBYTE = 1024**2
_MEMORY_PER_BYTE = 20
"""Memory for a byte of CSV; measured with a time column: 14, beside what the function has anyway."""


class Baselines(Construct):
    """The function that makes baselines, one custom resource per monitor, and jobs for data sets that it does not hold.

    Parameters
    ----------
    image : ProductImage, optional
        Of processing jobs; left out: there are none.

    Attributes
    ----------
    maker : MonitorFunction
        Makes them.
    by_monitor : dict of str to CustomResource
        Attributes: ``BaselineId``, ``StatisticsUri``, ``ConstraintsUri``, ``Rows``.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: EndpointConfig,
        storage: Storage,
        image: ProductImage | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._config, self._storage = config, storage
        self._fitted = [monitor.name for monitor in config.monitors if image and may_need_job(config, monitor)]
        self.maker = MonitorFunction(
            self, "Maker", name="baseline", config=config, key=storage.key, grants=self._grants()
        )
        machines = config.processing
        self._jobs = self._baseline_jobs(machines, image) if machines and image and self._fitted else None
        self.by_monitor = {monitor.name: self._baseline(monitor) for monitor in config.monitors}

    def _baseline_jobs(self, machines: ProcessingRuntime, image: ProductImage) -> BaselineJobs:
        return BaselineJobs(
            self,
            "Jobs",
            config=self._config,
            storage=self._storage,
            machines=machines,
            image=image,
            maker=self.maker,
            sources=self._sources(),
        )

    def _baseline(self, monitor: Monitor) -> CustomResource:
        jobs = self._jobs if monitor.name in self._fitted else None
        seconds = self._config.runtime.function.timeout_seconds + _ANSWER_MARGIN_SECONDS
        resource = CustomResource(
            self,
            f"Baseline-{monitor.name}",
            resource_type=_RESOURCE_TYPE,
            service_token=self.maker.function.function_arn,
            service_timeout=Duration.seconds(_LONGEST_SECONDS if jobs else seconds),
            removal_policy=RemovalPolicy.DESTROY,
            properties={
                **baseline_properties(self._config, monitor),
                "Bucket": self._storage.bucket.bucket_name,
                **(self._choice(monitor, jobs) if jobs else {}),
            },
        )
        resource.node.add_dependency(self.maker, *([jobs] if jobs else []))
        return resource

    def _choice(self, monitor: Monitor, jobs: BaselineJobs) -> dict[str, str]:
        """Return by what the function chooses between itself and a job."""
        runtime = self._config.runtime
        held = runtime.function.memory_mib * _MEBIBYTE // _MEMORY_PER_BYTE
        wish = "processing" if monitor.runtime == "processing" else "auto"
        return {"Jobs": jobs.arn, "Runtime": wish, "FunctionBytes": str(min(runtime.auto.function_max.size, held))}

    def _grants(self) -> Iterator[Grant]:
        bucket, layout = self._storage.bucket.bucket_name, self._storage.layout
        own = [Place(bucket, layout.baselines), *([Place(bucket, layout.work)] if self._fitted else [])]
        if self._config.promotion:
            yield Grant(("ssm:GetParameter",), (champion_arn(self, self._config),))
        yield from list_objects(self, [*own, *self._sources()])
        yield objects(self, [*own, *self._sources()], "GetObject")
        yield objects(self, own, "PutObject")
        yield use_key(self._storage.key.key_arn)
        yield from decrypt(*self._config.decrypt_keys)

    def _sources(self) -> list[Place]:
        """Return what baselines are made of, those of models that are promoted later included."""
        baseline, promotion = self._config.baseline, self._config.promotion
        of_monitors = [uri for monitor in self._config.monitors for uri in monitor.sources]
        given = dict.fromkeys((baseline.dataset, baseline.statistics, baseline.constraints, *of_monitors))
        sources = [Place.of(uri) for uri in (*given, *(promotion.artifacts if promotion else ())) if uri]
        retraining = Place(self._storage.bucket.bucket_name, self._storage.layout.retraining)
        return [*sources, *([retraining] if promotion else [])]


def may_need_job(config: EndpointConfig, monitor: Monitor) -> bool:
    """Return whether the data set of a monitor may go to a processing job, where the stack has such jobs.

    With promotion, the data sets of later models may, whatever the first one is.
    """
    is_made = monitor.dataset or config.baseline.dataset or config.promotion
    return config.processing is not None and monitor.runtime != "function" and bool(is_made)


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
