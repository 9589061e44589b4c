"""A CloudFormation resource that is made through boto3, so that botocore checks every property against the real API."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from moto.cloudformation.exceptions import UnformattedGetAttTemplateException
from moto.core.common_models import CloudFormationModel

from localaws.services import Services

Properties = dict[str, Any]


class ApiResource(CloudFormationModel):
    """Base of the resource types.

    A subclass says how to create and to remove one resource. `create` passes the template's properties on to the API:
    a property that the API does not know fails the deployment with botocore's message, which names it.

    Attributes
    ----------
    TYPE : str
        For instance ``AWS::CloudWatch::Alarm``.
    NAME : str
        The property that holds the physical name; empty where there is none.
    MOVES : bool
        Whether an update gives it another name or other attributes, so that what refers to it is updated, too.
    MAX_NAME : int
        Longest physical name; a generated one is cut to it.
    name : str
        The physical name, from the template or generated.
    properties : dict
        From the template, with references resolved and without the name.
    physical_id : str
        What ``Ref`` gives; the name unless `create` sets another.
    attributes : dict
        What ``Fn::GetAtt`` gives.
    """

    TYPE: ClassVar[str] = ""
    NAME: ClassVar[str] = ""
    MOVES: ClassVar[bool] = False
    MAX_NAME: ClassVar[int] = 255
    services: ClassVar[Services]

    def __init__(self, name: str, properties: Properties) -> None:
        self.name = _shortened(name, self.MAX_NAME)
        self.properties = {key: value for key, value in properties.items() if key != self.NAME or not self.NAME}
        self.physical_id = self.name
        self.attributes: dict[str, Any] = {}

    @abstractmethod
    def create(self) -> None:
        """Make the resource; set `physical_id` and `attributes`."""

    @abstractmethod
    def remove(self) -> None:
        """Delete the resource."""

    def update(self, properties: Properties) -> None:
        """Bring the resource to new properties; unless a type knows better, it is replaced under the same name."""
        self.remove()
        self.properties = {key: value for key, value in properties.items() if key != self.NAME or not self.NAME}
        self.create()

    def client(self, service: str) -> Any:
        """Return a boto3 client."""
        return self.services.client(service)

    def arn(self, service: str, resource: str) -> str:
        """Return an ARN of this account and region."""
        return f"arn:aws:{service}:{self.services.region}:{self.services.account_id}:{resource}"

    def named(self) -> Properties:
        """Return the properties with the physical name."""
        return {self.NAME: self.name, **self.properties}

    @property
    def physical_resource_id(self) -> str:
        """What ``Ref`` gives."""
        return self.physical_id

    def get_cfn_attribute(self, attribute: str) -> Any:
        """Return what ``Fn::GetAtt`` gives."""
        if attribute not in self.attributes:
            raise UnformattedGetAttTemplateException
        return self.attributes[attribute]

    def is_created(self) -> bool:
        """Say that there is nothing to wait for."""
        return True

    def delete(self, account_id: str, region_name: str) -> None:  # noqa: ARG002 - as moto calls it
        """Delete the resource."""
        self.remove()

    @classmethod
    def cloudformation_type(cls) -> str:
        """Return the type's name."""
        return cls.TYPE

    @classmethod
    def cloudformation_name_type(cls) -> str:
        """Return the property that holds the physical name."""
        return cls.NAME

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:  # noqa: ARG003 - as moto calls it
        """Let every attribute pass; `get_cfn_attribute` knows which there are."""
        return True

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Mapping[str, Any], *_: Any, **__: Any
    ) -> ApiResource:
        """Make the resource from its part of the template."""
        resource = cls(resource_name, dict(cloudformation_json.get("Properties", {})))
        resource.create()
        return resource

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: ApiResource,
        new_resource_name: str,  # noqa: ARG003 - the resource keeps its name
        cloudformation_json: Mapping[str, Any],
        account_id: str,  # noqa: ARG003 - as moto calls it
        region_name: str,  # noqa: ARG003 - as moto calls it
    ) -> ApiResource:
        """Bring the resource to its part of the new template."""
        original_resource.update(dict(cloudformation_json.get("Properties", {})))
        return original_resource


def tag_map(tags: list[dict[str, str]] | None) -> dict[str, str]:
    """Return a template's list of tags as the dictionary that some APIs want.

    Examples
    --------
    >>> tag_map([{"Key": "team", "Value": "ml"}])
    {'team': 'ml'}
    """
    return {tag["Key"]: tag["Value"] for tag in tags or []}


def _shortened(name: str, limit: int) -> str:
    """Cut the front of the middle, so that the random end of a generated name stays."""
    if len(name) <= limit:
        return name
    end = name.rsplit("-", 1)[-1][:limit]
    return f"{name[: limit - len(end) - 1].rstrip('-')}-{end}".lstrip("-")
