"""The network of a SageMaker job."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from infra.config.base import Like, Section

SubnetId = Annotated[str, Like(r"subnet-[0-9a-f]+", "the id of a subnet, e.g. subnet-0a1b2c3d4e5f67890")]
SecurityGroupId = Annotated[str, Like(r"sg-[0-9a-f]+", "the id of a security group, e.g. sg-0a1b2c3d4e5f67890")]


class JobNetwork(Section):
    """Network of a job whose container reads S3 itself."""

    subnets: Annotated[tuple[SubnetId, ...], Field(max_length=16)] = ()
    """Subnets of your VPC; S3, KMS, ECR and CloudWatch Logs must be reached from there. Left out: none."""
    security_groups: Annotated[tuple[SecurityGroupId, ...], Field(max_length=5)] = ()
    """Security groups within that VPC."""
    encrypt_inter_container_traffic: bool = True
    """Traffic between the machines of a job is encrypted."""

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if bool(self.subnets) != bool(self.security_groups):
            raise ValueError("`subnets` and `security_groups` belong together: give both, or none")
        return self

    @property
    def isolated(self) -> bool:
        """Whether the container has no network."""
        return False


class Network(JobNetwork):
    """Network of a job."""

    isolation: bool = True
    """The container has no network at all; SageMaker moves the data in and out."""

    @property
    def isolated(self) -> bool:
        """Whether the container has no network."""
        return self.isolation
