"""The role of the jobs that Model Monitor starts: merging labels, analysing, and asking the model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from aws_cdk import Stack, aws_iam
from constructs import Construct

from infra.config import EndpointConfig
from infra.config.monitors import Monitor
from infra.constructs.permissions import (
    Grant,
    Place,
    attach_network,
    decrypt,
    list_objects,
    objects,
    pull_repository,
    put_metrics,
    service_role,
    use_volume_key,
    write_job_logs,
)
from infra.constructs.storage import Storage
from infra.managed.images import JobImage
from infra.managed.model_explainability import shadow_prefix
from infra.runtimes.run_specs import capture_keys, captured_places, ground_truth_prefixes
from monitoring_core.metric_names import AwsNamespace

_NAMESPACES: Final = (
    *AwsNamespace,
    "aws/sagemaker/Endpoint/data-metrics",
    "/aws/sagemaker/Endpoints/data-metric",
    "/aws/sagemaker/Endpoint/data-metrics",
)
"""Those that analyzers have been seen to publish to, and others that Amazon's documentation has (contract 8.1)."""
_ENDPOINT_VERBS: Final = ("CreateEndpoint", "DeleteEndpoint", "DescribeEndpoint", "InvokeEndpoint")
_CONFIG_VERBS: Final = ("CreateEndpoint", "CreateEndpointConfig", "DeleteEndpointConfig", "DescribeEndpointConfig")


def merge_prefix(config: EndpointConfig) -> str:
    """Return where Amazon's merger writes joined records: below `merge` of the reports' prefix."""
    endpoint = config.name
    return f"reports/{endpoint}/merge/" if config.batch_transform else f"reports/merge/{endpoint}/"


def job_role(
    scope: Construct,
    *,
    config: EndpointConfig,
    monitors: Sequence[Monitor],
    storage: Storage,
    images: Sequence[JobImage],
    model_name: str | None,
) -> aws_iam.Role:
    """Declare the role.

    Parameters
    ----------
    model_name : str, optional
        The model that is asked; None where no monitor explains.
    """
    grants = [
        *_data(scope, config, monitors, storage),
        *use_volume_key(storage.key.key_arn),
        *([put_metrics(*_NAMESPACES)] if config.runtime.managed.publish_metrics else ()),
        write_job_logs(scope, "ProcessingJobs"),
        *(grant for image in images for grant in pull_repository(image.repository_arn)),
        *_network(scope, config),
        *(_shadow_endpoint(scope, config, model_name) if model_name else ()),
    ]
    return service_role(scope, "JobRole", "sagemaker", grants)


def _data(scope: Construct, config: EndpointConfig, monitors: Sequence[Monitor], storage: Storage) -> Iterator[Grant]:
    layout, bucket, managed = storage.layout, storage.bucket.bucket_name, config.runtime.managed
    has_labels = any(monitor.needs_labels for monitor in monitors)
    written = [Place(bucket, layout.reports)]
    read = [*captured_places(config, storage), Place(bucket, layout.baselines), Place(bucket, layout.analysis_configs)]
    if has_labels:
        merged = Place(bucket, merge_prefix(config))
        written.append(merged)
        read += [merged, *(Place.of(uri) for uri in ground_truth_prefixes(config, storage))]
    scripts = [managed.record_preprocessor, managed.post_analytics_processor]
    read += [Place.of(uri) for uri in scripts if uri]
    foreign = bool(has_labels or any(scripts))
    yield from list_objects(scope, [*read, written[0]])
    yield objects(scope, read, "GetObject")
    yield objects(scope, written, "PutObject")
    yield from decrypt(*capture_keys(config), *(config.decrypt_keys if foreign else ()))


def _network(scope: Construct, config: EndpointConfig) -> list[Grant]:
    network = config.runtime.managed.network
    return attach_network(scope, network.subnets, network.security_groups) if network.subnets else []


def _shadow_endpoint(scope: Construct, config: EndpointConfig, model_name: str) -> list[Grant]:
    """Allow to create an endpoint for the time of the job, and to ask it."""
    stack = Stack.of(scope)

    def arn(resource: str, name: str) -> str:
        return stack.format_arn(service="sagemaker", resource=resource, resource_name=name)

    named = f"{shadow_prefix(config)}*"
    endpoint, settings = arn("endpoint", named), arn("endpoint-config", named)
    reason = "Clarify names its endpoints; the wildcard stands behind the prefix that the configuration gives."
    return [
        Grant(tuple(f"sagemaker:{verb}" for verb in (*_ENDPOINT_VERBS, "AddTags")), (endpoint,), wildcard=reason),
        Grant(tuple(f"sagemaker:{verb}" for verb in (*_CONFIG_VERBS, "AddTags")), (settings,), wildcard=reason),
        Grant(("sagemaker:DescribeModel",), (arn("model", model_name),)),
    ]
