"""The CDK's own marker."""

from __future__ import annotations

from localaws.cloudformation.resource import ApiResource


class CdkMetadata(ApiResource):
    """``AWS::CDK::Metadata``: says which constructs were used, makes nothing."""

    TYPE = "AWS::CDK::Metadata"

    def create(self) -> None:
        """Do nothing."""

    def remove(self) -> None:
        """Do nothing."""


TYPES = (CdkMetadata,)
