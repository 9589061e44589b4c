"""The real CDK CLI: bootstrap, deploy, diff, destroy."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from localaws.account import LocalAccount

CDK = Path(__file__).parents[2] / "node_modules/.bin/cdk"
ENVIRONMENT = "aws://123456789012/us-east-1"

pytestmark = pytest.mark.skipif(
    not CDK.exists() or shutil.which("node") is None, reason="the CDK CLI is not installed: run npm ci"
)


def assembly(folder: Path, template: dict[str, Any]) -> Path:
    """Write a cloud assembly, which is what synthesis leaves for the CLI."""
    folder.mkdir()
    (folder / "small.template.json").write_text(json.dumps(template))
    properties = {"templateFile": "small.template.json", "stackName": "small"}
    stack = {"type": "aws:cloudformation:stack", "environment": ENVIRONMENT, "properties": properties}
    (folder / "manifest.json").write_text(json.dumps({"version": "40.0.0", "artifacts": {"small": stack}}))
    return folder


def cdk(account: LocalAccount, *arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 - the pinned CLI
        [CDK, *arguments],
        env={**account.environment(), "CI": "true", "HOME": os.environ.get("HOME", "/")},
        capture_output=True,
        text=True,
        check=False,
    )
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    return output


def test_the_cli_bootstraps_deploys_compares_and_destroys(account: LocalAccount, tmp_path: Path) -> None:
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "by-the-cli"}}
    template = {"Resources": {"Queue": queue}, "Outputs": {"Name": {"Value": {"Fn::GetAtt": ["Queue", "QueueName"]}}}}
    app = str(assembly(tmp_path / "first", template))
    cdk(account, "bootstrap", ENVIRONMENT, "--app", app)
    assert "small.Name = by-the-cli" in cdk(account, "deploy", "--method=direct", "--app", app)

    topic = {"Type": "AWS::SNS::Topic", "Properties": {}}
    changed = str(assembly(tmp_path / "second", {"Resources": {"Queue": queue, "Topic": topic}}))
    assert "[+] AWS::SNS::Topic Topic" in cdk(account, "diff", "--method=template", "--app", changed)
    cdk(account, "deploy", "--method=direct", "--app", changed)
    listed = account.client("cloudformation").list_stack_resources(StackName="small")["StackResourceSummaries"]
    assert [one["ResourceType"] for one in listed] == ["AWS::SQS::Queue", "AWS::SNS::Topic"]

    assert "rror" not in cdk(account, "destroy", "--force", "--app", changed)
    assert "by-the-cli" not in str(account.client("sqs").list_queues().get("QueueUrls"))


def test_a_failed_deployment_shows_the_reason_to_the_user(account: LocalAccount, tmp_path: Path) -> None:
    bad = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"Colour": "red"}}}}
    with pytest.raises(AssertionError, match=r"Resource Queue \(AWS::SQS::Queue\) could not be created"):
        cdk(account, "deploy", "--method=direct", "--app", str(assembly(tmp_path / "bad", bad)))
