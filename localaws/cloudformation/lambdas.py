"""Lambda functions, their layers and permissions."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import Any

from moto.utilities.utils import load_resource_as_str

from localaws.cloudformation.resource import ApiResource, Properties, tag_map

_NOT_IN_CREATE = ("ReservedConcurrentExecutions", "RuntimeManagementConfig", "RecursiveLoop")


class Function(ApiResource):
    """``AWS::Lambda::Function``; moto's own drops architecture, layers, dead-letter queue, logging and tags."""

    TYPE = "AWS::Lambda::Function"
    NAME = "FunctionName"
    MAX_NAME = 64

    def create(self) -> None:
        """Create the function."""
        call = {key: value for key, value in self.named().items() if key not in _NOT_IN_CREATE}
        call["Code"] = _code(call["Code"])
        if "KmsKeyArn" in call:
            call["KMSKeyArn"] = call.pop("KmsKeyArn")  # the only property that the template spells another way
        if "Tags" in call:
            call["Tags"] = tag_map(call["Tags"])
        answer = self.client("lambda").create_function(**call)
        self.attributes = {"Arn": answer["FunctionArn"]}
        if (limit := self.properties.get("ReservedConcurrentExecutions")) is not None:
            self.client("lambda").put_function_concurrency(FunctionName=self.name, ReservedConcurrentExecutions=limit)

    def update(self, properties: Properties) -> None:
        """Replace code and configuration together, which is what a changed template comes to."""
        super().update(properties)

    def remove(self) -> None:
        """Delete the function."""
        self.client("lambda").delete_function(FunctionName=self.name)


class LayerVersion(ApiResource):
    """``AWS::Lambda::LayerVersion``; moto's own drops the architectures."""

    TYPE = "AWS::Lambda::LayerVersion"
    NAME = "LayerName"
    MAX_NAME = 140

    def create(self) -> None:
        """Publish the version."""
        answer = self.client("lambda").publish_layer_version(**self.named())
        self.physical_id = answer["LayerVersionArn"]
        self.attributes = {"LayerVersionArn": self.physical_id}

    def remove(self) -> None:
        """Delete the version."""
        version = int(self.physical_id.rsplit(":", 1)[-1])
        self.client("lambda").delete_layer_version(LayerName=self.name, VersionNumber=version)


class Permission(ApiResource):
    """``AWS::Lambda::Permission``; moto's own cannot be deleted."""

    TYPE = "AWS::Lambda::Permission"

    def create(self) -> None:
        """Add the permission."""
        self.client("lambda").add_permission(StatementId=self.name, **self.properties)

    def remove(self) -> None:
        """Remove the permission."""
        self.client("lambda").remove_permission(FunctionName=self.properties["FunctionName"], StatementId=self.name)


class EventInvokeConfig(ApiResource):
    """``AWS::Lambda::EventInvokeConfig``: retries and destinations of asynchronous invocations."""

    TYPE = "AWS::Lambda::EventInvokeConfig"

    def create(self) -> None:
        """Put the configuration."""
        self.client("lambda").put_function_event_invoke_config(**self._call())

    def remove(self) -> None:
        """Delete the configuration."""
        call = self._call()
        self.client("lambda").delete_function_event_invoke_config(FunctionName=call["FunctionName"])

    def _call(self) -> dict[str, Any]:
        """Return the call; moto knows functions without versions here, so only $LATEST is allowed."""
        call = dict(self.properties)
        if (qualifier := call.pop("Qualifier")) != "$LATEST":
            raise ValueError(f"Qualifier {qualifier!r}: only $LATEST is simulated")
        return call


def _code(code: Properties) -> Properties:
    """Return where the code is; inline code becomes a zip, with the module that CloudFormation adds."""
    if "ZipFile" not in code:
        return {key: value for key, value in code.items() if key != "SourceKMSKeyArn"}
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("index.py", code["ZipFile"])
        archive.writestr("cfnresponse.py", load_resource_as_str("awslambda/resources/cfnresponse.py.txt"))
    return {"ZipFile": content.getvalue()}


TYPES = (Function, LayerVersion, Permission, EventInvokeConfig)
