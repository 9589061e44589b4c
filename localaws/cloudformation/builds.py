"""CodeBuild projects and ECR repositories."""

from __future__ import annotations

import json
from typing import Any

from localaws.cloudformation.resource import ApiResource, Properties


class Project(ApiResource):
    """``AWS::CodeBuild::Project``."""

    TYPE = "AWS::CodeBuild::Project"
    NAME = "Name"

    def create(self) -> None:
        """Create the project."""
        call = _lower_first(self.named())
        for one in (call["source"], *call.get("secondarySources", [])):
            if "buildSpec" in one:
                one["buildspec"] = one.pop("buildSpec")
        self.client("codebuild").create_project(**call)
        self.attributes = {"Arn": self.arn("codebuild", f"project/{self.name}"), "Id": self.name}

    def remove(self) -> None:
        """Delete the project."""
        self.client("codebuild").delete_project(name=self.name)


class Repository(ApiResource):
    """``AWS::ECR::Repository``; moto's own mistakes the encryption, and ignores policies and EmptyOnDelete."""

    TYPE = "AWS::ECR::Repository"
    NAME = "RepositoryName"
    _OWN_CALLS = ("EmptyOnDelete", "LifecyclePolicy", "RepositoryPolicyText", "Tags")

    def __init__(self, name: str, properties: Properties) -> None:
        super().__init__(name.lower(), properties)  # a generated name is in lower case

    def create(self) -> None:
        """Create the repository."""
        call = {name: value for name, value in self.named().items() if name not in self._OWN_CALLS}
        tags = {"tags": self.properties["Tags"]} if "Tags" in self.properties else {}
        answer = self.client("ecr").create_repository(**_lower_first(call), **tags)["repository"]
        self.attributes = {"Arn": answer["repositoryArn"], "RepositoryUri": answer["repositoryUri"]}
        self._put_policies()

    def update(self, properties: Properties) -> None:
        """Put policies and settings again; images stay."""
        self.properties = {name: value for name, value in properties.items() if name != self.NAME}
        if mutability := self.properties.get("ImageTagMutability"):
            self.client("ecr").put_image_tag_mutability(repositoryName=self.name, imageTagMutability=mutability)
        self._put_policies()

    def remove(self) -> None:
        """Delete the repository; with images in it only where EmptyOnDelete says so."""
        force = str(self.properties.get("EmptyOnDelete", False)).lower() == "true"
        self.client("ecr").delete_repository(repositoryName=self.name, force=force)

    def _put_policies(self) -> None:
        if lifecycle := self.properties.get("LifecyclePolicy"):
            self.client("ecr").put_lifecycle_policy(
                repositoryName=self.name, lifecyclePolicyText=lifecycle["LifecyclePolicyText"]
            )
        if policy := self.properties.get("RepositoryPolicyText"):
            self.client("ecr").set_repository_policy(repositoryName=self.name, policyText=json.dumps(policy))


def _lower_first(value: Any) -> Any:
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: _lower_first(inner) for key, inner in value.items()}
    return [_lower_first(inner) for inner in value] if isinstance(value, list) else value


TYPES = (Project, Repository)
