"""CodeBuild projects, ECR repositories, and the images that the one puts into the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from tests.local.deploy.readers.shape import Client, Properties, Reader, only, upper_first


def _project(client: Client, physical_id: str, _: Properties) -> Properties:
    found = upper_first(only(client("codebuild").batch_get_projects(names=[physical_id])["projects"]))
    source = found["Source"]
    if "Buildspec" in source:
        source["BuildSpec"] = source.pop("Buildspec")
    return {**found, "Source": source}


def _repository(client: Client, physical_id: str, _: Properties) -> Properties:
    ecr = client("ecr")
    found = upper_first(only(ecr.describe_repositories(repositoryNames=[physical_id])["repositories"]))
    tags = ecr.list_tags_for_resource(resourceArn=found["RepositoryArn"])["tags"]
    return {**found, **_lifecycle(ecr, physical_id), "Tags": tags}


def _lifecycle(ecr: Any, name: str) -> Properties:
    try:
        text = ecr.get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"]
    except ClientError:
        return {}
    return {"LifecyclePolicy": {"LifecyclePolicyText": text}}


def built_image(client: Client, repository: str) -> tuple[str, str]:
    """Return tag and URI, by digest, of the one image in a repository."""
    image = only(client("ecr").describe_images(repositoryName=repository)["imageDetails"])
    found = only(client("ecr").describe_repositories(repositoryNames=[repository])["repositories"])
    return only(image["imageTags"]), f"{found['repositoryUri']}@{image['imageDigest']}"


def _image(client: Client, physical_id: str, expected: Properties) -> Properties:
    """Read the image that the resource has had built, and that there was a build."""
    tag, uri = built_image(client, physical_id)
    builds = client("codebuild").list_builds_for_project(projectName=expected["Project"])["ids"]
    project = {"Project": expected["Project"]} if builds else {}
    return {"Repository": physical_id, "RepositoryUri": uri.partition("@")[0], "Tag": tag, **project}


READERS: Mapping[str, Reader] = {
    "AWS::CodeBuild::Project": _project,
    "AWS::ECR::Repository": _repository,
    "Custom::WatchkeeperImage": _image,
}
