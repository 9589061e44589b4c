"""The endpoint that the stack creates: models, configuration with data capture, autoscaling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aws_cdk import aws_applicationautoscaling, aws_iam, aws_sagemaker
from constructs import Construct

from infra.config import EndpointConfig
from infra.config.endpoint import Autoscaling, CreatedEndpoint, Variant
from infra.config.instances import has_local_storage
from infra.constructs.permissions import (
    Grant,
    Place,
    decrypt,
    list_objects,
    objects,
    pull_image,
    put_metrics,
    service_role,
    use_volume_key,
    write_job_logs,
)
from infra.constructs.storage import Storage

_Config = aws_sagemaker.CfnEndpointConfig


class MonitoredEndpoint(Construct):
    """A SageMaker endpoint whose traffic is captured into the stack's bucket.

    Parameters
    ----------
    choose : callable, optional
        Returns the name of the configuration to serve, given the one that is declared. Left out: that one.

    Attributes
    ----------
    role : Role
        Of its models.
    endpoint : CfnEndpoint
        Named as the configuration says.
    model_name : str
        Model of the first variant.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: EndpointConfig,
        created: CreatedEndpoint,
        storage: Storage,
        choose: Callable[[aws_sagemaker.CfnEndpointConfig], str] | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        variants, shadows = created.variants, _shadows(created)
        everyone = variants + shadows
        self.role = role = self._role(config, everyone, storage)
        served = [self._variant(variant, role) for variant in variants]
        self.model_name = served[0].model_name
        endpoint_config = _Config(
            self,
            "Config",
            kms_key_id=_volume_key(everyone, storage),
            production_variants=served,
            shadow_production_variants=[self._variant(variant, role) for variant in shadows] or None,
            data_capture_config=_capture(config, storage),
        )
        self.endpoint = aws_sagemaker.CfnEndpoint(
            self,
            "Endpoint",
            endpoint_name=config.name,
            endpoint_config_name=choose(endpoint_config) if choose else endpoint_config.attr_endpoint_config_name,
            **_retained(variants),
        )
        for variant in variants:
            if variant.autoscaling:
                self._autoscale(config.name, variant.name, variant.autoscaling)

    def _variant(self, variant: Variant, role: aws_iam.Role) -> _Config.ProductionVariantProperty:
        source = variant.model
        model = aws_sagemaker.CfnModel(
            self,
            f"Model-{variant.name}",
            execution_role_arn=role.role_arn,
            enable_network_isolation=True,
            containers=[
                aws_sagemaker.CfnModel.ContainerDefinitionProperty(
                    model_package_name=source.package,
                    image=None if source.package else source.image,
                    model_data_url=None if source.package else source.artifact,
                    environment=source.environment or None,
                )
            ],
        )
        model.node.add_dependency(role)
        return _Config.ProductionVariantProperty(
            variant_name=variant.name,
            model_name=model.attr_model_name,
            initial_variant_weight=variant.weight,
            instance_type=variant.instance.type,
            initial_instance_count=variant.instance.count,
        )

    def _role(self, config: EndpointConfig, variants: tuple[Variant, ...], storage: Storage) -> aws_iam.Role:
        capture = Place(storage.bucket.bucket_name, storage.layout.capture)
        images = sorted({variant.model.image for variant in variants})
        artifacts = sorted({variant.model.artifact for variant in variants})
        packages = sorted({variant.model.package for variant in variants if variant.model.package})
        places = [Place.of(artifact) for artifact in artifacts]
        grants = [
            objects(self, [capture], "PutObject"),
            *use_volume_key(storage.key.key_arn),
            put_metrics("/aws/sagemaker/Endpoints"),
            write_job_logs(self, f"Endpoints/{config.name}"),
            *(grant for image in images for grant in pull_image(self, image)),
            *list_objects(self, places),
            objects(self, places, "GetObject"),
            *decrypt(*config.decrypt_keys),
        ]
        if packages:
            grants.append(Grant(("sagemaker:DescribeModelPackage",), tuple(packages)))
        return service_role(self, "Role", "sagemaker", grants)

    def _autoscale(self, endpoint: str, variant: str, scaling: Autoscaling) -> None:
        target = aws_applicationautoscaling.CfnScalableTarget(
            self,
            f"Scaling-{variant}",
            service_namespace="sagemaker",
            scalable_dimension="sagemaker:variant:DesiredInstanceCount",
            resource_id=f"endpoint/{endpoint}/variant/{variant}",
            min_capacity=scaling.min,
            max_capacity=scaling.max,
        )
        target.node.add_dependency(self.endpoint)
        policy = aws_applicationautoscaling.CfnScalingPolicy
        policy(
            self,
            f"ScalingPolicy-{variant}",
            policy_name=f"{endpoint}-{variant}-invocations",
            policy_type="TargetTrackingScaling",
            scaling_target_id=target.ref,
            target_tracking_scaling_policy_configuration=policy.TargetTrackingScalingPolicyConfigurationProperty(
                target_value=scaling.invocations_per_instance,
                predefined_metric_specification=policy.PredefinedMetricSpecificationProperty(
                    predefined_metric_type="SageMakerVariantInvocationsPerInstance"
                ),
            ),
        )


def _shadows(created: CreatedEndpoint) -> tuple[Variant, ...]:
    """Return the shadow variant, with the weight that copies every request to it."""
    shadow = created.shadow
    if shadow is None:
        return ()
    weight = created.variants[0].weight
    return (Variant(name=shadow.name, model=shadow.model, weight=weight, instance=shadow.instance),)


def _retained(variants: tuple[Variant, ...]) -> dict[str, Any]:
    """Return what an update of the endpoint takes over from what is running: instance counts, if they are scaled.

    Weights and data capture come from the new configuration. SageMaker retains for all variants or for none, so beside
    a scaled variant the count of one that is not scaled stays, too.
    """
    if not any(variant.autoscaling for variant in variants):
        return {}
    kinds = ("DesiredWeight", "DataCaptureConfig")
    excluded = [aws_sagemaker.CfnEndpoint.VariantPropertyProperty(variant_property_type=kind) for kind in kinds]
    return {"retain_all_variant_properties": True, "exclude_retained_variant_properties": excluded}


def _volume_key(variants: tuple[Variant, ...], storage: Storage) -> str | None:
    """Return the key of the volumes; SageMaker refuses one as soon as any variant has local disks."""
    local = any(has_local_storage(variant.instance.type) for variant in variants)
    return None if local else storage.key.key_arn


def _capture(config: EndpointConfig, storage: Storage) -> _Config.DataCaptureConfigProperty:
    """Return the data-capture settings; SageMaker adds `<endpoint>/<variant>/...` to the destination."""
    capture = config.capture
    return _Config.DataCaptureConfigProperty(
        enable_capture=True,
        initial_sampling_percentage=capture.sampling_percentage,
        destination_s3_uri=storage.uri("capture"),
        kms_key_id=storage.key.key_arn,
        capture_options=[_Config.CaptureOptionProperty(capture_mode=mode) for mode in capture.modes],
        capture_content_type_header=_Config.CaptureContentTypeHeaderProperty(
            csv_content_types=list(capture.csv_content_types) or None,
            json_content_types=list(capture.json_content_types) or None,
        ),
    )
