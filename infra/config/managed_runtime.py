"""Section `runtime.managed`: the jobs of Model Monitor, and what they have to be told."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from infra.config.base import InstanceType, Name, S3Uri, Section
from infra.config.endpoint import ContentType
from infra.config.instances import has_local_storage
from infra.config.network import Network

Expression = Annotated[str, Field(min_length=1, max_length=256)]


class TransformOutput(Section):
    """How what transform jobs have captured is written."""

    format: Literal["csv", "json", "json-lines", "parquet"] = "csv"
    """Format of the captured data."""
    header: bool = False
    """CSV: the first row holds the names."""


class Attributes(Section):
    """Where Amazon's analyzers find things in requests and answers that are JSON; CSV needs none of it."""

    features: Expression | None = None
    """JMESPath of the features in a request, e.g. `instances[*].features`."""
    prediction: Expression | None = None
    """JSONPath or JMESPath of the prediction in an answer. Left out: its position in `schema.outputs`."""
    probability: Expression | None = None
    """Likewise of the probability."""


class ShadowEndpoint(Section):
    """The endpoint that Clarify creates for each explanation, and deletes afterwards."""

    model: Name | None = None
    """SageMaker model that it serves. Left out: that of the first variant that the stack creates."""
    instance_type: InstanceType = "ml.m5.large"
    """Machine."""
    instance_count: Annotated[int, Field(ge=1, le=100)] = 1
    """Number of machines."""
    content_type: ContentType = "text/csv"
    """What the model is sent."""
    accept_type: ContentType = "text/csv"
    """What it answers."""
    content_template: Expression | None = None
    """JSON: the request, with `$features` or `$records` in the place of the values."""
    record_template: Expression | None = None
    """JSON: one record of `$records`, with `$features` in the place of the values."""


class ManagedRuntime(Section):
    """The Model Monitor jobs."""

    image: Literal["amazon", "ours"] = "amazon"
    """Analyzer of the schedules: `amazon`, the prebuilt ones; `ours`, the container of `runtime.processing`."""
    instance_type: InstanceType = "ml.m5.xlarge"
    """Machine. One with local NVMe storage (`ml.g5`, `ml.r5d` ...) encrypts it itself, without the stack's key."""
    instance_count: Annotated[int, Field(ge=1, le=100)] = 1
    """Number of machines."""
    volume_gib: Annotated[int, Field(ge=1, le=16_384)] = 20
    """Disk of each."""
    timeout_seconds: Annotated[int, Field(ge=60, le=86_400)] = 1800
    """Longest run; not above the time from one run to the next. Where labels are needed, two jobs run one after the
    other."""
    network: Network = Network()
    """Network of the jobs. An explanation has one in any case: it asks the model."""
    record_preprocessor: S3Uri | None = None
    """Python script that is given every record (data quality and model quality)."""
    post_analytics_processor: S3Uri | None = None
    """Python script that runs after the analysis (data quality and model quality)."""
    batch_transform: TransformOutput = TransformOutput()
    """How Amazon's analyzers read the outputs of transform jobs (`batch_transform`)."""
    attributes: Attributes = Attributes()
    """Where things are in JSON."""
    shadow_endpoint: ShadowEndpoint = ShadowEndpoint()
    """What explanations ask."""
    publish_metrics: bool = False
    """Amazon's analyzers publish their own CloudWatch metrics, of every feature (data quality: three of each, about
    $0.90 a month), beside those of this product."""

    @property
    def has_local_storage(self) -> bool:
        """Whether the machines encrypt their disks themselves and take no key."""
        return has_local_storage(self.instance_type)

    @model_validator(mode="after")
    def _header_is_for_csv(self) -> Self:
        batch = self.batch_transform
        if batch.header and batch.format != "csv":
            raise ValueError(f"`batch_transform.header` is for CSV, got format {batch.format!r}; remove it")
        return self
