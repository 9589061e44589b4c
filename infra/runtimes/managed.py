"""Runtime `managed`: the same specs as schedules of Model Monitor, for accounts that already use it.

Thresholds travel in the files of the baseline, which are made of the same spec as for every other runtime;
`infra.config.managed` refuses what those cannot say. What the executions find becomes runs, metrics and events like
those of our own runtime.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aws_cdk import CustomResource, Stack, aws_sagemaker, aws_sqs
from constructs import Construct, IDependable

from infra.config import EndpointConfig
from infra.config.monitors import Monitor
from infra.constructs.baseline import Baselines
from infra.constructs.image import ProductImage
from infra.constructs.storage import Storage
from infra.managed.custom_resources import ModelMonitorResources
from infra.managed.definitions import KINDS, job_definition
from infra.managed.images import AmazonImages, JobImage
from infra.managed.model_explainability import predictor
from infra.managed.parts import JobParts
from infra.managed.registries import MERGER
from infra.managed.results import ManagedResults
from infra.managed.role import job_role
from monitoring_core.metric_names import schedule_name
from monitoring_core.spec.analysis_config import analysis_config

_Schedule = aws_sagemaker.CfnMonitoringSchedule


class ManagedRuntime(Construct):
    """Job definitions and monitoring schedules, and what turns their executions into runs.

    Parameters
    ----------
    product : ProductImage, optional
        Our own image, for `runtime.managed.image: ours`.
    model_name : str, optional
        Model that explanations ask.
    after : sequence of IDependable
        What the schedules need and do not refer to: the endpoint.

    Attributes
    ----------
    results : ManagedResults
        The state machine that reads what Amazon has written.
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
        dead_letters: aws_sqs.IQueue,
        product: ProductImage | None,
        model_name: str | None,
        after: Sequence[IDependable],
    ) -> None:
        super().__init__(scope, construct_id)
        self._config, self._storage, self._model_name = config, storage, model_name
        self._images = self._job_images(monitors, product)
        self._resources = ModelMonitorResources(self, "ModelMonitor", config=config, storage=storage)
        explains = any(monitor.kind == "model-explainability" for monitor in monitors)
        self._job_role = job_role(
            self,
            config=config,
            monitors=monitors,
            storage=storage,
            images=self._pulled(monitors),
            model_name=model_name if explains else None,
        )
        self.results = ManagedResults(
            self, "Results", config=config, monitors=monitors, storage=storage, dead_letters=dead_letters
        )
        for monitor in monitors:
            schedule = self._schedule(monitor, baselines.by_monitor[monitor.name])
            schedule.node.add_dependency(*after)
            self._resources.guard(monitor).node.add_dependency(schedule)

    def _job_images(self, monitors: Sequence[Monitor], product: ProductImage | None) -> dict[str, JobImage]:
        """Return the image of each monitor's jobs, by monitor."""
        self._amazon = AmazonImages(self, "Images")
        if self._config.runtime.managed.image == "ours" and product:
            return {monitor.name: JobImage(product.uri, product.repository_arn) for monitor in monitors}
        return {monitor.name: self._amazon.get(KINDS[monitor.kind].publication) for monitor in monitors}

    def _pulled(self, monitors: Sequence[Monitor]) -> list[JobImage]:
        merger = [self._amazon.get(MERGER)] if any(monitor.needs_labels for monitor in monitors) else []
        return list(dict.fromkeys([*self._images.values(), *merger]))

    def _schedule(self, monitor: Monitor, baseline: CustomResource) -> _Schedule:
        definition = job_definition(self, self._parts(monitor, baseline), self._job_role)
        definition.node.add_dependency(self._resources.access)
        schedule = _Schedule(
            self,
            f"Schedule-{monitor.name}",
            monitoring_schedule_name=schedule_name(self._config.name, monitor.name),
            monitoring_schedule_config=_Schedule.MonitoringScheduleConfigProperty(
                monitoring_job_definition_name=definition.job_definition_name,
                monitoring_type=KINDS[monitor.kind].monitoring_type,
                schedule_config=_Schedule.ScheduleConfigProperty(
                    schedule_expression=monitor.schedule.managed_expression or ""
                ),
            ),
        )
        schedule.node.add_dependency(definition)
        return schedule

    def _parts(self, monitor: Monitor, baseline: CustomResource) -> JobParts[Any]:
        return JobParts(
            config=self._config,
            monitor=monitor,
            spec=monitor.spec(self._config.data_schema),
            storage=self._storage,
            image=self._images[monitor.name],
            baseline=baseline,
            config_uri=self._config_uri(monitor) if KINDS[monitor.kind].is_clarify else "",
        )

    def _config_uri(self, monitor: Monitor) -> str:
        asked = predictor(self._config, self._model_name) if self._model_name else None
        document = analysis_config(monitor.spec(self._config.data_schema), predictor=asked)
        text = Stack.of(self).to_json_string(document)
        return self._resources.analysis_config(monitor, text).get_att_string("Uri")
