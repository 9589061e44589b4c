"""The SageMaker pipeline that retrains the model, from the committed definition, and where it registers models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aws_cdk import RemovalPolicy, Stack, aws_iam, aws_sagemaker
from constructs import Construct

from infra.config import EndpointConfig
from infra.config.comparison import metric_of, probability_of
from infra.config.monitors import ModelBiasMonitor, ModelExplainabilityMonitor, ModelQualityMonitor, Monitor
from infra.config.monitors.model_quality import PROBLEM_TYPES
from infra.config.operations import ChallengerChecks, Training
from infra.constructs.image import ProductImage
from infra.constructs.permissions import (
    Grant,
    Place,
    decrypt,
    list_objects,
    objects,
    pull_repository,
    repository_of,
    service_role,
    use_volume_key,
    write_job_logs,
)
from infra.constructs.storage import Storage
from infra.retraining.load import SECTIONS, load_definition
from infra.runtimes.run_specs import capture_keys, capture_prefix

_HOUR_SECONDS = 3600
_DAY_SECONDS = 86_400
_APPROVALS = {"manual": "PendingManualApproval", "automatic": "Approved"}
_JOBS = ("processing-job", "training-job")


class RetrainingPipeline(Construct):
    """Pipeline and model package group.

    Parameters
    ----------
    prepare : ProductImage
        Joins traffic and labels.

    Attributes
    ----------
    arn : str
        The pipeline.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: EndpointConfig,
        training: Training,
        storage: Storage,
        prepare: ProductImage,
    ) -> None:
        super().__init__(scope, construct_id)
        self._config, self._training, self._storage, self._prepare = config, training, storage, prepare
        self._monitors = packaged_monitors(config)
        self._group_name = config.name.lower()  # SageMaker spells such names in lower case in some ARNs
        name = f"{self._group_name}-retraining"
        self.arn = Stack.of(self).format_arn(service="sagemaker", resource="pipeline", resource_name=name)
        self._group = aws_sagemaker.CfnModelPackageGroup(self, "Models", model_package_group_name=self._group_name)
        # SageMaker deletes empty groups only, and the versions in it are the record of what was trained and why: as
        # soon as one is registered, a stack that had to delete the group could not be deleted.
        self._group.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
        role = self._role()
        body = json.dumps(load_definition(self._defaults(role), self._monitors))
        pipeline = aws_sagemaker.CfnPipeline(
            self,
            "Pipeline",
            pipeline_name=name,
            pipeline_description=f"Retrains the model of {config.name}",
            role_arn=role.role_arn,
            pipeline_definition={"PipelineDefinitionBody": body},
            parallelism_configuration={"MaxParallelExecutionSteps": 1},
        )
        pipeline.node.add_dependency(role, self._group)

    def _defaults(self, role: aws_iam.Role) -> dict[str, Any]:
        config, training, storage = self._config, self._training, self._storage
        create = config.created
        return {
            "Region": Stack.of(self).region,
            "RoleArn": role.role_arn,
            "KmsKeyArn": storage.key.key_arn,
            "ProcessImage": self._prepare.uri,
            "TrainImage": training.image,
            "InstanceType": training.instance_type,
            "InferenceInstanceType": create.variants[0].instance.type if create else training.instance_type,
            "CodeUri": training.code,
            "CapturePrefix": capture_prefix(config, storage),
            "GroundTruthPrefix": self._ground_truth(),
            "BaselineDataset": config.baseline.dataset,
            "ChampionModelUri": self._champion(),
            "OutputPrefix": storage.uri(storage.layout.retraining).rstrip("/"),
            "Outputs": ",".join(config.columns.outputs),
            "Label": config.data_schema.label,
            "TimeColumn": config.baseline.time_column or "-",
            "LabelLagHours": -(-int(config.ground_truth.lag.total_seconds()) // _HOUR_SECONDS),
            "ReportsPrefix": storage.uri(storage.layout.reports) if training.leave_out_faults else "-",
            "MaxAgeDays": -(-int(training.max_age.total_seconds()) // _DAY_SECONDS),
            "HoldoutShare": training.holdout_share,
            "MinLabelledRows": training.min_labelled_rows,
            **compared_by(config, training),
            "MinImprovement": training.min_improvement,
            "Reweighing": training.reweighing.facet if training.reweighing else "-",
            "Baselines": storage.uri(storage.layout.baselines),
            "Monitors": ",".join(monitor.name for monitor in self._monitors.values()) or "-",
            **_check_limits(training.checks, self._monitors),
            "ModelPackageGroup": self._group_name,
            "ApprovalStatus": _APPROVALS[training.approval],
        }

    def _ground_truth(self) -> str:
        return self._config.ground_truth.prefix or self._storage.uri(self._storage.layout.ground_truth)

    def _champion(self) -> str:
        create = self._config.created
        served = create.variants[0].model.artifact if create else None
        return self._training.champion or served or ""

    def _role(self) -> aws_iam.Role:
        repositories = dict.fromkeys((self._prepare.repository_arn, repository_of(self, self._training.image)))
        pulls = [grant for repository in repositories for grant in pull_repository(repository)]
        role = service_role(self, "Role", "sagemaker", [*self._data(), *self._jobs(), *self._registry(), *pulls])
        own_jobs = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
        Grant(("iam:PassRole",), (role.role_arn,), conditions=own_jobs).to(role)
        return role

    def _data(self) -> list[Grant]:
        own = Place(self._storage.bucket.bucket_name, self._storage.layout.retraining)
        baselines = Place(self._storage.bucket.bucket_name, self._storage.layout.baselines)
        reports = Place(self._storage.bucket.bucket_name, self._storage.layout.reports)
        promotion = self._config.promotion
        read = [
            Place.of(uri)
            for uri in (
                capture_prefix(self._config, self._storage),
                self._ground_truth(),
                self._config.baseline.dataset,
                self._training.code,
                self._champion(),
                *(promotion.artifacts if promotion else ()),
            )
            if uri
        ]
        read += [reports] if self._training.leave_out_faults else []
        foreign = [*capture_keys(self._config), *self._config.decrypt_keys]
        return [
            *list_objects(self, [own, *read]),
            objects(self, [own, baselines, *read], "GetObject"),
            objects(self, [own], "PutObject"),
            *use_volume_key(self._storage.key.key_arn),
            *decrypt(*foreign),
        ]

    def _jobs(self) -> list[Grant]:
        verbs = ("AddTags", "CreateProcessingJob", "CreateTrainingJob", "DescribeProcessingJob", "DescribeTrainingJob")
        stops = ("StopProcessingJob", "StopTrainingJob")
        stack = Stack.of(self)
        names = tuple(stack.format_arn(service="sagemaker", resource=job, resource_name="pipelines-*") for job in _JOBS)
        actions = tuple(f"sagemaker:{verb}" for verb in (*verbs, *stops))
        return [
            Grant(actions, names, wildcard="SageMaker names the jobs of a pipeline pipelines-<execution>-<step>-..."),
            write_job_logs(self, "ProcessingJobs"),
            write_job_logs(self, "TrainingJobs"),
        ]

    def _registry(self) -> list[Grant]:
        stack, group = Stack.of(self), self._group_name
        group_arn = stack.format_arn(service="sagemaker", resource="model-package-group", resource_name=group)
        versions = stack.format_arn(service="sagemaker", resource="model-package", resource_name=f"{group}/*")
        verbs = ("AddTags", "CreateModelPackage", "DescribeModelPackage", "DescribeModelPackageGroup")
        actions = tuple(f"sagemaker:{verb}" for verb in verbs)
        return [Grant(actions, (group_arn, versions), wildcard="The registry numbers the versions of a group.")]


def packaged_monitors(config: EndpointConfig) -> dict[str, Monitor]:
    """Return the first monitor of each kind that the registry keeps baselines of, by kind.

    Explainability only where the monitor finds its model in the artifact itself: the pipeline has no other file.
    """
    found: dict[str, Monitor] = {}
    for monitor in config.monitors:
        separate = isinstance(monitor, ModelExplainabilityMonitor) and not monitor.model_file.endswith(".tar.gz")
        if monitor.kind in SECTIONS and not separate:
            found.setdefault(monitor.kind, monitor)
    return found


def compared_by(config: EndpointConfig, training: Training) -> dict[str, str | float]:
    """Return by what models are compared: answers and labels are read as the first monitor of model quality does."""
    schema = config.data_schema
    monitors = [monitor for monitor in config.monitors if isinstance(monitor, ModelQualityMonitor)]
    roles = {"Prediction": schema.prediction, "Probability": probability_of(schema)}
    if monitors:
        roles["PositiveLabel"] = monitors[0].positive_label
    return {
        "Problem": PROBLEM_TYPES[str(schema.problem)].value,
        "Metric": metric_of(schema, training.metric),
        "ProbabilityThreshold": monitors[0].probability_threshold if monitors else 0.5,
        **{name: value for name, value in roles.items() if value is not None},
    }


def _check_limits(checks: ChallengerChecks, monitors: Mapping[str, Monitor]) -> dict[str, str]:
    """Return the limits of the checks that are made; what is not checked keeps its default."""
    limits: dict[str, str] = {}
    for monitor in monitors.values():
        match monitor:
            case ModelBiasMonitor() if checks.bias:
                limit = monitor.tolerance if checks.max_bias_increase is None else checks.max_bias_increase
                limits["MaxBiasIncrease"] = f"{limit:g}"
            case ModelExplainabilityMonitor() if checks.attribution:
                limits["MinNdcg"] = f"{checks.min_ndcg or monitor.ndcg_threshold:g}"
            case _:
                pass
    return limits
