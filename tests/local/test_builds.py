"""CodeBuild builds nothing, and says that it has: an image is in ECR, and who listens is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.lab import Lab
from tests.local.test_cloudformation import deploy

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "codebuild.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
COMMANDS = ['docker build --tag "$REPOSITORY:$TAG" .', 'docker push "$REPOSITORY:$TAG"']
LISTENER = """
    def handler(event, context):
        detail = event["detail"]
        print(event["resources"][0].split("/")[-1].split(":")[0], detail["build-status"], detail["current-phase"])
"""


def resources(**repository: Any) -> dict[str, Any]:
    variables = [
        {"Name": "REPOSITORY", "Value": {"Fn::GetAtt": ["Repository", "RepositoryUri"]}},
        {"Name": "TAG", "Value": "abc"},
    ]
    project = {
        "ServiceRole": {"Fn::GetAtt": ["Role", "Arn"]},
        "Source": {
            "Type": "S3",
            "Location": "bucket/key.zip",
            "BuildSpec": json.dumps({"version": 0.2, "phases": {"build": {"commands": COMMANDS}}}),
        },
        "Artifacts": {"Type": "NO_ARTIFACTS"},
        "Environment": {
            "Type": "LINUX_CONTAINER",
            "ComputeType": "BUILD_GENERAL1_SMALL",
            "Image": "aws/codebuild/standard:7.0",
            "PrivilegedMode": True,
            "EnvironmentVariables": variables,
        },
        "LogsConfig": {"CloudWatchLogs": {"Status": "ENABLED", "GroupName": "builds"}},
        "TimeoutInMinutes": 8,
    }
    rule = {
        "EventPattern": {
            "source": ["aws.codebuild"],
            "detail-type": ["CodeBuild Build State Change"],
            "detail": {"project-name": [{"Ref": "Project"}]},
        },
        "Targets": [{"Id": "1", "Arn": "arn:aws:lambda:us-east-1:123456789012:function:build-listener"}],
    }
    selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 10}
    rules = [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]
    lifecycle = {"LifecyclePolicyText": json.dumps({"rules": rules})}
    own = {"ImageTagMutability": "IMMUTABLE", "EncryptionConfiguration": {"EncryptionType": "AES256"}}
    return {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}},
        "Repository": {
            "Type": "AWS::ECR::Repository",
            "Properties": {"LifecyclePolicy": lifecycle, **own, **repository},
        },
        "Project": {"Type": "AWS::CodeBuild::Project", "Properties": project},
        "Rule": {"Type": "AWS::Events::Rule", "Properties": rule},
    }


OUTPUTS = {"Project": {"Value": {"Ref": "Project"}}, "Repository": {"Value": {"Ref": "Repository"}}}


def test_a_build_leaves_the_image_that_its_commands_push_and_sends_events(lab: Lab) -> None:
    lab.function("build-listener", LISTENER)
    made = deploy(lab, "builds", resources(EmptyOnDelete=True), Outputs=OUTPUTS)
    codebuild, ecr = lab.client("codebuild"), lab.client("ecr")

    build = codebuild.start_build(projectName=made["Project"], idempotencyToken="t")["build"]
    again = codebuild.start_build(projectName=made["Project"], idempotencyToken="t")["build"]
    lab.account.settle()

    assert again["id"] == build["id"]
    (described,) = codebuild.batch_get_builds(ids=[build["id"]])["builds"]
    assert (described["buildStatus"], described["startTime"]) == ("SUCCEEDED", lab.account.now)
    assert described["timeoutInMinutes"] == 8
    (image,) = ecr.describe_images(repositoryName=made["Repository"], imageIds=[{"imageTag": "abc"}])["imageDetails"]
    assert image["imageDigest"].startswith("sha256:")
    name = made["Project"]
    assert [line for line in lab.account.logs("build-listener") if line.startswith(name)] == [
        f"{name} IN_PROGRESS QUEUED",
        f"{name} SUCCEEDED COMPLETED",
    ]
    lab.client("cloudformation").delete_stack(StackName="builds")
    assert made["Repository"] not in [one["repositoryName"] for one in ecr.describe_repositories()["repositories"]]
    assert made["Project"] not in codebuild.list_projects()["projects"]


def test_a_repository_with_images_stays_unless_the_template_says_otherwise(lab: Lab) -> None:
    lab.function("build-listener", LISTENER)
    made = deploy(lab, "kept", resources(), Outputs=OUTPUTS)
    lab.client("codebuild").start_build(projectName=made["Project"])
    with pytest.raises(ClientError, match="RepositoryNotEmpty"):
        lab.client("cloudformation").delete_stack(StackName="kept")
    lab.client("ecr").delete_repository(repositoryName=made["Repository"], force=True)
