"""Sections `alarms`, `retraining`, `governance` and `runtime`: who is told, what happens then, on which machines."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from infra.config.base import Duration, Email, Image, InstanceType, Like, S3Uri, Section, parse_duration

Pipeline = Annotated[
    str,
    Like(
        r"create|arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:\d{12}:pipeline/.+", "create, or the ARN of a SageMaker pipeline"
    ),
]
Tag = Annotated[
    str, Like(r"(?!aws:)[\w\s.:/=+@-]+", "letters, digits, spaces and .:/=+@_- but not starting with aws:", 128)
]
MissingData = Literal["breaching", "notBreaching", "ignore", "missing"]


class Notify(Section):
    """Who gets the messages."""

    email: tuple[Email, ...] = ()
    """Addresses; each must confirm the subscription."""


class AlarmRule(Section):
    """After how many runs an alarm is raised."""

    datapoints_to_alarm: Annotated[int, Field(ge=1)] = 1
    """Runs with violations among the last `evaluation_periods` runs that raise the alarm (M of N)."""
    evaluation_periods: Annotated[int, Field(ge=1)] = 1
    """Runs that are looked at (N)."""
    heartbeat_periods: Annotated[int, Field(ge=1)] = 3
    """Windows in a row that have ended without a verdict and raise the heartbeat alarm. With 1, which weekly runs need,
    it rings up to two windows later: the newest window has no verdict until its run has ended."""

    @model_validator(mode="after")
    def _m_of_n(self) -> Self:
        if self.datapoints_to_alarm > self.evaluation_periods:
            given = f"{self.datapoints_to_alarm} of {self.evaluation_periods}"
            raise ValueError(f"`datapoints_to_alarm` must not be above `evaluation_periods`, got {given}")
        return self


class Alarms(AlarmRule):
    """When people are told."""

    missing_data: MissingData = "missing"
    """What a window without a verdict means to the violations alarm. `missing`: neither good nor bad."""
    max_quarantined_share: Annotated[float, Field(ge=0, lt=1)] = 0.01
    """Share of a window's records, 0 to 1, that may be unreadable before people are told."""
    notify: Notify = Notify()
    """Who gets the messages."""
    runbook: Annotated[str, Like(r"https://\S+", "an https address")] = (
        "https://github.com/watchkeeper/watchkeeper/blob/main/docs/runbook.md"
    )
    """Page that alarms link to; the section is appended, e.g. `#violations`."""


class Training(Section):
    """The pipeline that the stack creates: prepare, train, evaluate against the champion, register."""

    prepare_image: Image
    """Image that holds this product (`functions/analyzer/Dockerfile`); joins traffic and labels."""
    image: Image
    """Your framework's image in script mode; trains, and evaluates both models."""
    code: S3Uri
    """Your scripts: `sourcedir.tar.gz` with `train.py` and `inference.py`."""
    champion: S3Uri | None = None
    """`model.tar.gz` that serves today. Left out: the artifact of the endpoint's first variant."""
    instance_type: InstanceType = "ml.m5.xlarge"
    """Machine of every step."""
    holdout_share: Annotated[float, Field(gt=0, lt=1)] = 0.2
    """Share of the labelled traffic, the latest, on which both models are compared."""
    max_age: Duration = parse_duration("60d")
    """Captured traffic that is older when the alarm is raised is not trained on; rounded up to days."""
    min_labelled_rows: Annotated[int, Field(ge=1)] = 1000
    """With fewer labelled rows nothing is trained."""
    min_improvement: Annotated[float, Field(ge=0, le=1)] = 0.0
    """AUC by which a new model must be better, beyond chance, to be registered."""
    approval: Literal["manual", "automatic"] = "manual"
    """Whether a better model waits for a person in the model registry."""


class Retraining(Section):
    """What happens when violations raise an alarm."""

    pipeline: Pipeline = "create"
    """`create`, or the ARN of your own pipeline, which takes `IncidentId`, `EvidenceUri` and `WindowEnd`."""
    training: Training | None = None
    """Needed with `pipeline: create`."""
    cooldown: Duration = parse_duration("3d")
    """No retraining starts so soon after the one before."""
    dry_run: bool = False
    """Decide and report, but start nothing."""

    @model_validator(mode="after")
    def _training_with_create(self) -> Self:
        if (self.pipeline == "create") != (self.training is not None):
            raise ValueError(
                "`training` belongs to `pipeline: create`: give both, or the ARN of your own pipeline alone"
            )
        return self


class Governance(Section):
    """Facts for the model card and the bill."""

    owner: str | None = None
    """Person or team that answers for the model."""
    risk_rating: Literal["high", "medium", "low", "unknown"] = "unknown"
    """Risk rating of the model card."""
    purpose: Annotated[str, Field(max_length=1024)] | None = None
    """What the model is for."""
    tags: dict[Tag, Annotated[str, Field(max_length=256)]] = Field(default_factory=dict)
    """Tags of every resource, e.g. `cost-centre`."""


class FunctionRuntime(Section):
    """The Lambda functions."""

    architecture: Literal["x86_64", "arm64"] = "x86_64"
    """Processor."""
    memory_mib: Annotated[int, Field(ge=512, le=10_240)] = 1769
    """Memory of the function that analyses; 1769 MiB is one full processor."""
    timeout_seconds: Annotated[int, Field(ge=30, le=900)] = 900
    """Longest run of the function that analyses."""


class ManagedRuntime(Section):
    """The Model Monitor jobs."""

    instance_type: InstanceType = "ml.m5.xlarge"
    """Machine. One with local NVMe storage (`ml.g5`, `ml.r5d` ...) encrypts it itself, without the stack's key."""
    instance_count: Annotated[int, Field(ge=1, le=100)] = 1
    """Number of machines."""
    volume_gib: Annotated[int, Field(ge=1, le=16_384)] = 20
    """Disk of each."""
    timeout_seconds: Annotated[int, Field(ge=60, le=86_400)] = 1800
    """Longest run; not above the time from one run to the next."""


class Runtime(Section):
    """Machines and retention."""

    function: FunctionRuntime = FunctionRuntime()
    """The Lambda functions."""
    managed: ManagedRuntime = ManagedRuntime()
    """The Model Monitor jobs."""
    log_retention: Literal["1w", "1mo", "3mo", "1y"] = "1mo"
    """How long logs are kept."""
    on_delete: Literal["retain", "destroy"] = "retain"
    """What happens to bucket, key and incident table when the stack is deleted."""
