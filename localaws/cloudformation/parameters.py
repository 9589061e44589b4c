"""SSM parameters, through which stacks find what others have made."""

from __future__ import annotations

from localaws.cloudformation.resource import ApiResource


class Parameter(ApiResource):
    """``AWS::SSM::Parameter``."""

    TYPE = "AWS::SSM::Parameter"
    NAME = "Name"

    def create(self) -> None:
        """Put the parameter."""
        properties = dict(self.properties)
        tags = [{"Key": key, "Value": value} for key, value in properties.pop("Tags", {}).items()]
        self.client("ssm").put_parameter(Name=self.name, Tags=tags, **properties)
        self.attributes = {"Type": properties["Type"], "Value": properties["Value"]}

    def remove(self) -> None:
        """Delete the parameter."""
        self.client("ssm").delete_parameter(Name=self.name)


TYPES = (Parameter,)
