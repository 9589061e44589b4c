"""Section `runtime`: which engine folds how much data, on which machines, and how long things are kept."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from infra.config.base import IMAGE, ByteSize, InstanceType, Like, Section
from infra.config.managed_runtime import ManagedRuntime
from infra.config.network import JobNetwork, Network

GIBIBYTE: Final = 1024**3
LogRetention = Literal["1w", "1mo", "3mo", "1y"]
OnDelete = Literal["retain", "destroy"]

OwnImage = Annotated[
    str,
    Like(
        rf"codebuild|docker|fleet|{IMAGE}",
        "codebuild (built in your account), docker (built on this machine), fleet (the fleet's), or an image in ECR, "
        "e.g. 111122223333.dkr.ecr.eu-west-1.amazonaws.com/watchkeeper:1.2",
    ),
]


class FunctionRuntime(Section):
    """The Lambda functions."""

    architecture: Literal["x86_64", "arm64"] = "x86_64"
    """Processor."""
    memory_mib: Annotated[int, Field(ge=512, le=10_240)] = 1769
    """Memory of the function that analyses; 1769 MiB is one full processor."""
    timeout_seconds: Annotated[int, Field(ge=30, le=900)] = 900
    """Longest run of the function that analyses."""


class EngineLimit(Section):
    """The largest window that an engine takes."""

    size: ByteSize
    """Size of its captured data as stored, e.g. `1GiB`."""
    rows: Annotated[int, Field(ge=1)]
    """Its rows, as estimated from the start of its largest object."""


class AutoRuntime(Section):
    """How `runtime: auto` picks the engine of a window: the first whose two limits it keeps."""

    function_max: EngineLimit = EngineLimit(size=GIBIBYTE, rows=2_000_000)
    """Up to here the Lambda function: about a minute of one processor for each monitor."""
    processing_max: EngineLimit = EngineLimit(size=50 * GIBIBYTE, rows=100_000_000)
    """Up to here a processing job, beyond it Spark. Only engines that this file sets up are picked."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        small, large = self.function_max, self.processing_max
        if small.size > large.size or small.rows > large.rows:
            raise ValueError("`function_max` must not be above `processing_max`, in size or in rows")
        return self


class JobRuntime(Section):
    """Machines of a SageMaker processing job."""

    instance_type: InstanceType = "ml.m5.xlarge"
    """Machine. One with local NVMe storage (`ml.g5`, `ml.r5d` ...) encrypts it itself, without the stack's key."""
    instance_count: Annotated[int, Field(ge=1, le=100)] = 1
    """Number of machines; each folds a share of the captured objects."""
    volume_gib: Annotated[int, Field(ge=1, le=16_384)] = 30
    """Disk of each: holds its share of the captured data and all labels, or the data set of a baseline."""
    timeout_seconds: Annotated[int, Field(ge=60, le=432_000)] = 3600
    """Longest run."""
    network: JobNetwork
    """Network of the job."""


class ProcessingRuntime(JobRuntime):
    """Our container as a processing job, for windows and data sets that a function does not take."""

    image: OwnImage = "codebuild"
    """Container image of this product: `codebuild` builds it in your account when the stack is deployed, `docker` on
    the machine that deploys; `fleet` takes that of the endpoint's fleet; or an image in ECR that you have built from
    `functions/analyzer/Dockerfile`."""
    network: Network = Network()
    """Network of the job."""


class SparkRuntime(JobRuntime):
    """Spark as a processing job, for windows that outgrow one machine."""

    image: OwnImage = "codebuild"
    """As for processing jobs, from `functions/spark_job/Dockerfile`."""
    instance_count: Annotated[int, Field(ge=1, le=100)] = 2
    """Number of machines."""
    network: JobNetwork = JobNetwork()
    """Network of the job. Its machines talk to each other and read S3 themselves."""


class Runtime(Section):
    """Machines and retention."""

    auto: AutoRuntime = AutoRuntime()
    """How monitors of `runtime: auto` get their engine."""
    function: FunctionRuntime = FunctionRuntime()
    """The Lambda functions."""
    processing: ProcessingRuntime | None = None
    """Processing jobs. Left out: there are none, unless a monitor says `runtime: processing`."""
    spark: SparkRuntime | None = None
    """Spark jobs. Left out: there are none, unless a monitor says `runtime: spark`."""
    managed: ManagedRuntime = ManagedRuntime()
    """The Model Monitor jobs."""
    backfill_concurrency: Annotated[int, Field(ge=1, le=100)] = 4
    """Windows that a backfill runs at the same time."""
    log_retention: LogRetention = "1mo"
    """How long logs are kept."""
    on_delete: OnDelete = "retain"
    """What happens to bucket, key and incident table when the stack is deleted; in a fleet, to the incident table."""
