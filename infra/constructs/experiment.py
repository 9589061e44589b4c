"""The function that compares variants, and its schedule."""

from __future__ import annotations

from typing import Any, Final

from aws_cdk import Stack
from constructs import Construct

from infra.config import EndpointConfig
from infra.config.experiment import Experiment, label_of, needs_labels, treatments_of
from infra.constructs.functions import MonitorFunction
from infra.constructs.messaging import Messaging
from infra.constructs.permissions import (
    Grant,
    Place,
    decrypt,
    default_bus,
    list_objects,
    objects,
    use_key,
)
from infra.constructs.scheduling import SCHEDULED_TIME, Scheduler
from infra.constructs.storage import Storage
from infra.runtimes.run_specs import capture_keys, capture_prefix
from monitoring_core.experiments.plan import Predictions

_MAX_EVENT_AGE_SECONDS: Final = 86_400


class VariantExperiment(Construct):
    """Compares variants by a schedule; ramps and stops them by policy."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: EndpointConfig,
        experiment: Experiment,
        storage: Storage,
        messaging: Messaging,
    ) -> None:
        super().__init__(scope, construct_id)
        self._config, self._experiment = config, experiment
        self._storage, self._messaging = storage, messaging
        self._labels = _label_prefixes(config, storage)
        self.function = MonitorFunction(
            self,
            "Compare",
            name="experiment",
            config=config,
            key=storage.key,
            environment={"TOPIC_ARN": messaging.topic.topic_arn, "RUNBOOK_URL": config.alarms.runbook},
            grants=self._grants(),
            dead_letters=messaging.dead_letters,
        )
        self._schedule()

    def _grants(self) -> list[Grant]:
        config, bucket = self._config, self._storage.bucket.bucket_name
        kept = Place(bucket, f"{self._storage.layout.experiments}{self._experiment.name}/")
        read = [Place.of(capture_prefix(config, self._storage)), *(Place.of(uri) for uri in self._labels)]
        keys = capture_keys(config)
        endpoint = Stack.of(self).format_arn(
            service="sagemaker", resource="endpoint", resource_name=config.name.lower()
        )
        actions = [
            "DescribeEndpoint",
            *(["UpdateEndpointWeightsAndCapacities"] if self._experiment.policy.acts else []),
        ]
        return [
            *list_objects(self, [*read, kept]),
            objects(self, [*read, kept], "GetObject"),
            objects(self, [kept], "PutObject"),
            Grant(tuple(f"sagemaker:{action}" for action in actions), (endpoint,)),
            Grant(("events:PutEvents",), (default_bus(self),)),
            Grant(("sns:Publish",), (self._messaging.topic.topic_arn,)),
            use_key(self._storage.key.key_arn),
            *decrypt(*keys, *(config.decrypt_keys if self._labels else ())),
        ]

    def _schedule(self) -> None:
        times = self._experiment.schedule
        times = times.spread(self._config.name) if self._config.fleet else times
        start = Grant(("lambda:InvokeFunction",), (self.function.function.function_arn,))
        scheduler = Scheduler(
            self,
            "SchedulerRole",
            start=start,
            key=self._storage.key.key_arn,
            dead_letters=self._messaging.dead_letters,
        )
        scheduler.add(
            "Schedule",
            description=f"{self._config.name}: experiment {self._experiment.name}",
            expression=times.scheduler_expression,
            message=Stack.of(self).to_json_string(self._input()),
            max_age_seconds=min(times.period_seconds // 2, _MAX_EVENT_AGE_SECONDS),
            attempts=5,
        )

    def _input(self) -> dict[str, Any]:
        return {
            "experiment": experiment_spec(self._config, self._experiment, self._storage),
            "scheduled_time": SCHEDULED_TIME,
        }


def experiment_spec(config: EndpointConfig, experiment: Experiment, storage: Storage) -> dict[str, Any]:
    """Return the `ExperimentSpec`: all that a run needs to know."""
    schema, labels = config.data_schema, _label_prefixes(config, storage)
    predictions = Predictions(
        label=label_of(config),
        prediction=schema.prediction,
        probability=schema.probability,
        positive_label=experiment.positive_label,
        threshold=experiment.probability_threshold,
    )
    return {
        "endpoint": config.name,
        "name": experiment.name,
        "bucket": storage.bucket.bucket_name,
        "capture_prefix": capture_prefix(config, storage),
        "period_seconds": experiment.schedule.period_seconds,
        "offset_seconds": experiment.schedule.offset_seconds,
        "lag_seconds": int(config.ground_truth.lag.total_seconds()) if labels else 0,
        "ground_truth_prefixes": labels,
        "columns": (schema.labelled if labels else schema.columns).model_dump(mode="json"),
        "predictions": predictions.model_dump(mode="json"),
        "rules": experiment.rules.model_dump(mode="json"),
        "treatments": list(treatments_of(config, experiment)),
        "split": experiment.split,
        "policy": {
            "on_winner": experiment.policy.on_winner,
            "steps": list(experiment.policy.steps),
            "step_duration": int(experiment.policy.step_duration.total_seconds()),
            "on_harm": experiment.policy.on_harm,
        },
    }


def _label_prefixes(config: EndpointConfig, storage: Storage) -> list[str]:
    if not needs_labels(config):
        return []
    return [config.ground_truth.prefix or storage.uri(storage.layout.ground_truth)]
