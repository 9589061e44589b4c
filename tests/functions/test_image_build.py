"""The custom resource that has the product's image built, asked as CloudFormation asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import urllib3
from botocore.stub import Stubber

from functions.image_build import building
from functions.image_build import handler as module
from functions.image_build.handler import handler

from .cloudformation import PLENTY, CloudFormation, stubbed

URI = "123456789012.dkr.ecr.us-east-1.amazonaws.com/images"
PROPERTIES = {"ServiceToken": "arn", "Project": "project", "Repository": "images", "RepositoryUri": URI, "Tag": "abc"}
LOOK = {"repositoryName": "images", "imageIds": [{"imageTag": "abc"}]}
FOUND = {"imageDetails": [{"imageDigest": "sha256:1"}]}
RUNNING = {"id": "project:1", "buildComplete": False}
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ecr(aws: None) -> Iterator[Stubber]:  # noqa: ARG001 - pytest's way to ask for a fixture
    with stubbed("ecr") as stubber:
        yield stubber


@pytest.fixture
def codebuild(aws: None) -> Iterator[Stubber]:  # noqa: ARG001 - pytest's way to ask for a fixture
    with stubbed("codebuild") as stubber:
        yield stubber


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Send one request; return the answer."""
    cloudformation = CloudFormation(handler)
    monkeypatch.setattr(urllib3.PoolManager, "request", cloudformation.put)
    monkeypatch.setattr(building, "INTERVAL_SECONDS", 0.0)

    def send(request_type: str, milliseconds: int = PLENTY) -> dict[str, Any]:
        return cloudformation.ask(request_type, PROPERTIES, physical_id="images", milliseconds=milliseconds)

    return send


def missing(ecr: Stubber) -> None:
    ecr.add_client_error("describe_images", "ImageNotFoundException", expected_params=LOOK)


def started(codebuild: Stubber, *after: dict[str, Any]) -> None:
    """The build runs, then is found as `after` says."""
    asked = {"projectName": "project", "idempotencyToken": "request-1"}
    codebuild.add_response("start_build", {"build": RUNNING}, asked)
    for build in after:
        codebuild.add_response("batch_get_builds", {"builds": [RUNNING | build]}, {"ids": ["project:1"]})


@pytest.mark.usefixtures("codebuild")
def test_an_image_that_is_there_is_not_built_again(ecr: Stubber, ask: Ask) -> None:
    ecr.add_response("describe_images", FOUND, LOOK)
    answer = ask("Update")
    assert (answer["Status"], answer["Data"]) == ("SUCCESS", {"ImageUri": f"{URI}@sha256:1"})


def test_a_missing_image_is_built_and_waited_for(ecr: Stubber, codebuild: Stubber, ask: Ask) -> None:
    missing(ecr)
    started(codebuild, {}, {"buildComplete": True, "buildStatus": "SUCCEEDED"})
    ecr.add_response("describe_images", FOUND, LOOK)
    answer = ask("Create")
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "images")
    assert answer["Data"] == {"ImageUri": f"{URI}@sha256:1"}


def test_a_failed_build_is_told_with_its_reason_and_its_log(ecr: Stubber, codebuild: Stubber, ask: Ask) -> None:
    missing(ecr)
    contexts = [{"statusCode": "COMMAND_EXECUTION_ERROR", "message": "docker push: exit status 1"}]
    phases = [
        {"phaseType": "INSTALL", "phaseStatus": "SUCCEEDED"},
        {"phaseType": "BUILD", "phaseStatus": "FAILED", "contexts": contexts},
    ]
    ended = {"buildComplete": True, "buildStatus": "FAILED", "phases": phases, "logs": {"deepLink": "https://log"}}
    started(codebuild, ended)
    answer = ask("Create")
    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == (
        "ImageBuildError: the build project:1 ended as FAILED: BUILD: docker push: exit status 1; see https://log"
    )


def test_the_answer_comes_before_the_functions_time_is_out(ecr: Stubber, codebuild: Stubber, ask: Ask) -> None:
    missing(ecr)
    started(codebuild)
    answer = ask("Create", milliseconds=module.ANSWER_MILLISECONDS)
    assert answer["Status"] == "FAILED"
    assert "still running; deploy again" in answer["Reason"]


def test_a_build_that_leaves_no_image_is_no_success(ecr: Stubber, codebuild: Stubber, ask: Ask) -> None:
    missing(ecr)
    started(codebuild, {"buildComplete": True, "buildStatus": "SUCCEEDED"})
    missing(ecr)
    assert "but images has no abc" in ask("Create")["Reason"]


@pytest.mark.usefixtures("ecr", "codebuild")
def test_delete_does_nothing(ask: Ask) -> None:
    assert ask("Delete")["Status"] == "SUCCESS"
