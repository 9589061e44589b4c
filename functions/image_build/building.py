"""One image: found in its repository by its tag, else built and pushed by CodeBuild."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_pascal

from functions.common.clients import client
from monitoring_core.errors import WatchkeeperError

INTERVAL_SECONDS: Final = 10.0
_PHASE_FAILED: Final = {"FAILED", "FAULT", "TIMED_OUT", "STOPPED"}


class ImageBuildError(WatchkeeperError):
    """There is no image; the message says what CodeBuild reported and where its log is."""


class ImageOrder(BaseModel):
    """Properties of the custom resource ``Custom::WatchkeeperImage``.

    Attributes
    ----------
    project : str
        CodeBuild project that builds and pushes the image.
    repository, repository_uri : str
        ECR repository: its name, and where it is pulled from.
    tag : str
        Hash of what the image is built of.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_pascal)

    project: str
    repository: str
    repository_uri: str
    tag: str


def image_uri(order: ImageOrder, *, token: str, has_time: Callable[[], bool], wait: Callable[[float], None]) -> str:
    """Return the image by its digest; it is built first where there is none.

    Parameters
    ----------
    token : str
        The same token starts the same build, also when the function is called again.
    has_time : callable
        Whether there is time to wait on.
    wait : callable
        Waits for so many seconds.

    Raises
    ------
    ImageBuildError
        If the build fails, takes too long, or leaves no image.
    """
    digest = _digest(order)
    if digest is None:
        _build(order, token, has_time, wait)
        digest = _digest(order)
    if digest is None:
        raise ImageBuildError(f"the build of {order.project} has succeeded, but {order.repository} has no {order.tag}")
    return f"{order.repository_uri}@{digest}"


def _digest(order: ImageOrder) -> str | None:
    try:
        found = client("ecr").describe_images(repositoryName=order.repository, imageIds=[{"imageTag": order.tag}])
    except ClientError as error:
        if error.response["Error"]["Code"] == "ImageNotFoundException":
            return None
        raise
    return str(found["imageDetails"][0]["imageDigest"])


def _build(order: ImageOrder, token: str, has_time: Callable[[], bool], wait: Callable[[float], None]) -> None:
    build = client("codebuild").start_build(projectName=order.project, idempotencyToken=token)["build"]
    while not build.get("buildComplete"):
        if not has_time():
            raise ImageBuildError(f"the build {build['id']} is still running; deploy again when it has ended")
        wait(INTERVAL_SECONDS)
        (build,) = client("codebuild").batch_get_builds(ids=[build["id"]])["builds"]
    if build["buildStatus"] != "SUCCEEDED":
        raise ImageBuildError(f"the build {build['id']} ended as {build['buildStatus']}: {_why(build)}")


def _why(build: dict[str, Any]) -> str:
    """Return what the failed phases say, and where the log is."""
    failed = [phase for phase in build.get("phases", ()) if phase.get("phaseStatus") in _PHASE_FAILED]
    reasons = [
        f"{phase['phaseType']}: {context['message']}"
        for phase in failed
        for context in phase.get("contexts", ())
        if context.get("message")
    ]
    log = build.get("logs", {}).get("deepLink", "the log group of the project")
    return "; ".join([*reasons, f"see {log}"])
