"""One stack per configuration file: everything that watches one endpoint."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnOutput, DefaultStackSynthesizer, Stack, Tags
from constructs import Construct

from infra.bundling import ANALYZER, SPARK
from infra.config import EndpointConfig
from infra.config.promotion import guarding
from infra.constructs.alarms import MonitorAlarms, dead_letter_alarm
from infra.constructs.baseline import Baselines
from infra.constructs.champion import ChampionKeeper
from infra.constructs.dashboard import dashboard
from infra.constructs.endpoint import MonitoredEndpoint
from infra.constructs.experiment import VariantExperiment
from infra.constructs.governance import CardKeeper, card_name, model_card
from infra.constructs.history import History
from infra.constructs.image import ProductImage, product_image
from infra.constructs.ledger import DailyLedger
from infra.constructs.loop import Loop
from infra.constructs.messaging import Messaging
from infra.constructs.promotion import ModelPromotion
from infra.constructs.retraining import RetrainingPipeline
from infra.constructs.review import ReviewQueue
from infra.constructs.shared import SharedResources, shared_image
from infra.constructs.storage import DataBucket, Layout, Storage, removal_policy
from infra.runtimes.managed import ManagedRuntime
from infra.runtimes.own import OwnRuntime


class EndpointStack(Stack):
    """Storage, endpoint, baselines, runtimes, alarms and the loop of one endpoint."""

    def __init__(self, scope: Construct, construct_id: str, *, config: EndpointConfig, **stack: Any) -> None:
        description = f"Watchkeeper: monitoring of the SageMaker {config.title}"
        synthesizer = DefaultStackSynthesizer(generate_bootstrap_version_rule=False)
        super().__init__(scope, construct_id, description=description, synthesizer=synthesizer, **stack)
        self._config = config
        shared = SharedResources(self, "Fleet", fleet=config.fleet) if config.fleet else None
        data = shared or DataBucket(self, "Storage", config=config)
        self._storage = Storage(data.key, data.bucket, Layout(config.name), removal_policy(config))
        self._messaging = Messaging(
            self, "Messaging", config=config, key=data.key, shared=shared.topic if shared else None
        )
        self._images = self._job_images()
        self._baselines = Baselines(
            self, "Baselines", config=config, storage=self._storage, image=self._images.get("processing")
        )
        self._keeper = (
            ChampionKeeper(self, "Champion", config=config, storage=self._storage) if config.promotion else None
        )
        endpoint = self._endpoint()
        self._alarms = {
            monitor.name: MonitorAlarms(self, f"Alarms-{monitor.name}", config=config, monitor=monitor)
            for monitor in config.monitors
        }
        self._own_runtime()
        self._managed_runtime(endpoint)
        loop = self._loop()
        self._promotion(endpoint, loop)
        self._experiment(endpoint)
        History(self, "History", config=config, storage=self._storage)
        self._record()
        card = model_card(self, config, self._storage)
        keeper = CardKeeper(
            self, "Card", config=config, storage=self._storage, dead_letters=self._messaging.dead_letters
        )
        keeper.node.add_dependency(card)
        if endpoint and self._config.promotion:  # which writes into it as soon as the endpoint is in service
            endpoint.endpoint.add_resource_dependency(card)
        dashboard(self, config, self._alarms)
        dead_letter_alarm(self, config, self._messaging.dead_letters, self._messaging.topic)
        for key, value in config.governance.tags.items():
            Tags.of(self).add(key, value)
        if config.governance.owner:
            Tags.of(self).add("owner", config.governance.owner)
        if data.emptied:
            for part in self.node.children:
                if part is not data:
                    part.node.add_dependency(data.emptied)
        CfnOutput(self, "BucketName", value=self._storage.bucket.bucket_name)
        CfnOutput(self, "TopicArn", value=self._messaging.topic.topic_arn)

    def _endpoint(self) -> MonitoredEndpoint | None:
        create = self._config.created
        if create is None:
            return None
        return MonitoredEndpoint(
            self,
            "Endpoint",
            config=self._config,
            created=create,
            storage=self._storage,
            choose=self._keeper.choose if self._keeper else None,
        )

    def _experiment(self, endpoint: MonitoredEndpoint | None) -> None:
        """Comparison of the endpoint's variants."""
        if self._config.experiment is None:
            return
        experiment = VariantExperiment(
            self,
            "Experiment",
            config=self._config,
            experiment=self._config.experiment,
            storage=self._storage,
            messaging=self._messaging,
        )
        if endpoint:
            experiment.node.add_dependency(endpoint)

    def _job_images(self) -> dict[str, ProductImage]:
        """Images of the engines that are jobs, by engine."""
        config = self._config
        engines = {"processing": (config.processing, ANALYZER), "spark": (config.spark, SPARK)}
        return {
            engine: self._image(engine, section.image, dockerfile)
            for engine, (section, dockerfile) in engines.items()
            if section
        }

    def _image(self, name: str, image: str, dockerfile: str) -> ProductImage:
        if self._config.fleet and image == "fleet":
            return shared_image(self, self._config.fleet)
        return product_image(
            self,
            f"{name.capitalize()}Image",
            image=image,
            dockerfile=dockerfile,
            config=self._config,
            key=self._storage.key,
        )

    def _own_runtime(self) -> None:
        """State machine and schedules of the monitors that do not run in Model Monitor."""
        if not self._config.own_monitors:
            return
        runtime = OwnRuntime(
            self,
            "Runs",
            config=self._config,
            storage=self._storage,
            baselines=self._baselines,
            images=self._images,
            dead_letters=self._messaging.dead_letters,
        )
        CfnOutput(self, "StateMachineArn", value=runtime.state_machine.state_machine_arn)
        CfnOutput(self, "BackfillArn", value=runtime.backfill.state_machine_arn)

    def _pipeline_arn(self) -> str | None:
        retraining = self._config.retraining
        if retraining is None or retraining.training is None:
            return retraining.pipeline if retraining else None
        given = retraining.training.prepare_image
        prepare = self._image("prepare", given, ANALYZER) if given else self._images["processing"]
        return RetrainingPipeline(
            self,
            "Retraining",
            config=self._config,
            training=retraining.training,
            storage=self._storage,
            prepare=prepare,
        ).arn

    def _record(self) -> None:
        """Ask people about predictions, and keep evidence of what was found."""
        config, dead_letters = self._config, self._messaging.dead_letters
        if config.review:
            ReviewQueue(
                self,
                "Review",
                config=config,
                review=config.review,
                storage=self._storage,
                dead_letters=dead_letters,
            )
        if config.governance.ledger:
            DailyLedger(self, "Ledger", config=config, storage=self._storage, dead_letters=dead_letters)

    def _managed_runtime(self, endpoint: MonitoredEndpoint | None) -> None:
        """Model Monitor schedules, and the state machine that reads their results."""
        monitors = [monitor for monitor in self._config.monitors if monitor.runtime == "managed"]
        if not monitors:
            return
        shadow = self._config.runtime.managed.shadow_endpoint
        runtime = ManagedRuntime(
            self,
            "Managed",
            config=self._config,
            monitors=monitors,
            storage=self._storage,
            baselines=self._baselines,
            dead_letters=self._messaging.dead_letters,
            product=self._images.get("processing"),
            model_name=shadow.model or (endpoint.model_name if endpoint else None),
            after=[endpoint.endpoint] if endpoint else [],
        )
        CfnOutput(self, "ManagedResultsArn", value=runtime.results.state_machine.state_machine_arn)

    def _promotion(self, endpoint: MonitoredEndpoint | None, loop: Loop) -> None:
        """From an approval in the model registry to the endpoint, and back."""
        promotion = self._config.promotion
        if promotion is None or self._keeper is None:
            return
        ModelPromotion(
            self,
            "Promotion",
            config=self._config,
            promotion=promotion,
            storage=self._storage,
            messaging=self._messaging,
            baselines=self._baselines,
            deployments=self._keeper.deployments,
            role=endpoint.role if endpoint else None,
            verdicts=[self._alarms[monitor.name].violations for monitor in guarding(self._config, promotion)],
            incidents=loop.incidents,
            model_card=card_name(self._config),
        )

    def _loop(self) -> Loop:
        """From every alarm to people and to retraining."""
        groups = [self._alarms[monitor.name] for monitor in self._config.monitors]
        loop = Loop(self, "Loop", config=self._config, storage=self._storage, messaging=self._messaging)
        pipeline = self._pipeline_arn()
        loop.notify([alarm for group in groups for alarm in group.all], pipeline)
        if self._config.retraining and pipeline:
            violations = [(monitor, self._alarms[monitor.name].violations) for monitor in self._config.monitors]
            loop.retrain(violations, self._config.retraining, pipeline)
        return loop
