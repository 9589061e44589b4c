"""Sections `endpoint` and `capture`: what is watched, and how its traffic is recorded."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from infra.config.base import Image, InstanceType, KmsKeyArn, Like, Name, S3Prefix, S3Uri, Section

ContentType = Annotated[
    str, Like(r"[A-Za-z0-9.-]+/[A-Za-z0-9.+-]+", "a content type without parameters, e.g. text/csv", 256)
]
_CODE_DIRECTORY: Final = re.compile(r"SAGEMAKER_\w*DIRECTORY")
PackageArn = Annotated[str, Like(r"arn:aws[a-z-]*:sagemaker:.+:model-package/.+", "the ARN of a model package")]


class Model(Section):
    """A model: a container image with its artifact, by themselves or as a package of the model registry."""

    package: PackageArn | None = None
    """ARN of a model package. `image` and `artifact` are what it holds: the endpoint's role may read just these."""
    image: Image
    """Container image."""
    artifact: S3Uri
    """Model archive (`model.tar.gz`)."""
    environment: dict[str, str] = Field(default_factory=dict)
    """Environment variables of the container."""

    @model_validator(mode="after")
    def _code_is_inside(self) -> Self:
        for name, value in self.environment.items():
            if _CODE_DIRECTORY.fullmatch(name) and value.startswith("s3://"):
                raise ValueError(
                    f"`environment.{name}` is {value!r}, but the container runs without a network and cannot fetch it; "
                    "put the code into the artifact below code/ and give /opt/ml/model/code"
                )
        return self


class Instance(Section):
    """Machines behind a variant."""

    type: InstanceType = "ml.m5.large"
    """Instance type, e.g. `ml.m5.large`. Machines with local NVMe storage (`ml.g5`, `ml.m5d` ...) encrypt it
    themselves: SageMaker takes no key for the volumes of an endpoint that has any."""
    count: Annotated[int, Field(ge=1)] = 1
    """Number of instances at the start."""


class Autoscaling(Section):
    """Target tracking on invocations per instance."""

    min: Annotated[int, Field(ge=1)] = 1
    """Fewest instances."""
    max: Annotated[int, Field(ge=1)]
    """Most instances."""
    invocations_per_instance: Annotated[int, Field(ge=1)] = 1000
    """Invocations per minute and instance to hold."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"`min` must not be above `max`, got min {self.min} and max {self.max}")
        return self


class Variant(Section):
    """One production variant."""

    name: Name = "AllTraffic"
    """Name of the variant."""
    model: Model
    """What it serves."""
    weight: Annotated[float, Field(ge=0)] = 1.0
    """Share of the traffic, relative to the other variants."""
    instance: Instance = Instance()
    """Machines."""
    autoscaling: Autoscaling | None = None
    """Left out: the instance count stays as it is."""

    @model_validator(mode="before")
    @classmethod
    def _refuse_serverless(cls, data: object) -> object:
        if isinstance(data, dict) and "serverless" in data:
            raise ValueError(
                "SageMaker does not capture data on serverless variants, so they cannot be monitored; use `instance`"
            )
        return data


class Shadow(Section):
    """A variant that gets a copy of every request, and answers nobody; its answers are captured."""

    name: Name = "Shadow"
    """Name of the variant."""
    model: Model
    """What it serves."""
    instance: Instance = Instance()
    """Machines."""


class CreatedEndpoint(Section):
    """The endpoint that the stack creates."""

    variants: Annotated[tuple[Variant, ...], Field(min_length=1, max_length=10)]
    """Production variants; several share the traffic by weight."""
    shadow: Shadow | None = None
    """A shadow variant, beside a single production variant."""

    @model_validator(mode="after")
    def _variants_agree(self) -> Self:
        names = [variant.name for variant in self.variants]
        if self.shadow and len(names) > 1:
            raise ValueError(f"SageMaker has a `shadow` beside a single variant only, got {', '.join(names)}")
        names += [self.shadow.name] if self.shadow else []
        if len(set(names)) < len(names):
            raise ValueError(f"variant names must differ, got {', '.join(names)}")
        if not sum(variant.weight for variant in self.variants):
            raise ValueError("at least one variant needs a weight above 0")
        return self


class Endpoint(Section):
    """The watched endpoint: one that exists, or one that the stack creates."""

    name: Name
    """Name of the endpoint."""
    existing: bool = False
    """The endpoint exists already and captures data; the stack does not touch it."""
    create: CreatedEndpoint | None = None
    """The stack creates the endpoint, with data capture."""

    @model_validator(mode="after")
    def _existing_or_create(self) -> Self:
        if self.existing == (self.create is not None):
            raise ValueError("give either `existing: true` or `create: {variants: [...]}`")
        return self


class Capture(Section):
    """Data capture."""

    sampling_percentage: Annotated[int, Field(ge=1, le=100)] = 100
    """Share of the requests that is recorded."""
    modes: Annotated[tuple[Literal["Input", "Output"], ...], Field(min_length=1)] = ("Input", "Output")
    """Sides that are recorded."""
    csv_content_types: Annotated[tuple[ContentType, ...], Field(max_length=10)] = ("text/csv",)
    """Content types recorded as CSV text."""
    json_content_types: Annotated[tuple[ContentType, ...], Field(max_length=10)] = ("application/json",)
    """Content types recorded as JSON text; anything else is recorded as base64."""
    retention_days: Annotated[int, Field(ge=1)] = 90
    """Captured records are deleted after so many days."""
    destination: S3Prefix | None = None
    """Where an existing endpoint writes its capture files (its `DestinationS3Uri`, ending in `/`)."""
    kms_key: KmsKeyArn | None = None
    """Key that encrypts the capture files of an existing endpoint."""
