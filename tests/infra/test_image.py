"""The product's own image: built in the account from exactly what it holds, and used wherever one is needed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack, aws_kms

from infra import bundling
from infra.bundling import ANALYZER, ROOT, SPARK, build_context, image_fingerprint
from infra.config import EndpointConfig, load_config
from infra.constructs.image import product_image

from .conftest import JOBS, Template, cdk_context
from .test_runtime_own import definition, policy


@pytest.fixture(scope="module")
def project(jobs: Template) -> dict[str, Any]:
    (found,) = [r["Properties"] for r in jobs["Resources"].values() if r["Type"] == "AWS::CodeBuild::Project"]
    return dict(found)


def test_nothing_is_built_where_no_monitor_can_need_it(flights: Template, existing: Template) -> None:
    for template in (flights, existing):
        kinds = {r["Type"] for r in template["Resources"].values()}
        assert kinds.isdisjoint({"AWS::CodeBuild::Project", "AWS::ECR::Repository", "Custom::WatchkeeperImage"})


def test_the_build_is_encrypted_logged_and_ends_before_its_function(jobs: Template, project: dict[str, Any]) -> None:
    assert project["EncryptionKey"]
    assert project["LogsConfig"]["CloudWatchLogs"]["Status"] == "ENABLED"
    assert "VpcConfig" not in project
    functions = {n: r["Properties"] for n, r in jobs["Resources"].items() if r["Type"] == "AWS::Lambda::Function"}
    (builder,) = [p for p in functions.values() if "image_build" in p["Handler"]]
    assert (project["TimeoutInMinutes"] + project["QueuedTimeoutInMinutes"]) * 60 < builder["Timeout"]


def test_tags_are_hashes_that_cannot_be_moved(jobs: Template, project: dict[str, Any]) -> None:
    (repository,) = [r["Properties"] for r in jobs["Resources"].values() if r["Type"] == "AWS::ECR::Repository"]
    assert repository["ImageTagMutability"] == "IMMUTABLE"
    assert repository["ImageScanningConfiguration"] == {"ScanOnPush": True}
    assert repository["EncryptionConfiguration"]["EncryptionType"] == "KMS"
    (image,) = [r["Properties"] for r in jobs["Resources"].values() if r["Type"] == "Custom::WatchkeeperImage"]
    variables = {v["Name"]: v["Value"] for v in project["Environment"]["EnvironmentVariables"]}
    assert re.fullmatch("[0-9a-f]{16}", image["Tag"])
    assert image["Tag"] == variables["TAG"]
    assert variables["DOCKERFILE"] == ANALYZER


def test_jobs_and_retraining_use_the_image_by_its_digest(jobs: Template) -> None:
    (name,) = [n for n, r in jobs["Resources"].items() if r["Type"] == "Custom::WatchkeeperImage"]
    states = definition(jobs)["States"]["Passes"]["ItemProcessor"]["States"]
    assert states["Fold by processing"]["Parameters"]["AppSpecification"]["ImageUri"] == name
    (pipeline,) = [r for r in jobs["Resources"].values() if r["Type"] == "AWS::SageMaker::Pipeline"]
    assert {"Fn::GetAtt": [name, "ImageUri"]} in pipeline["Properties"]["PipelineDefinition"]["PipelineDefinitionBody"][
        "Fn::Join"
    ][1]
    for role in ("RunsProcessingJobsRole", "RetrainingRole"):
        pulled = json.dumps([s["Resource"] for s in policy(jobs, role)["ecr:BatchGetImage"]])
        assert "ProcessingImageRepository" in pulled


def test_the_build_may_push_to_its_repository_and_read_its_source_alone(jobs: Template) -> None:
    allowed = policy(jobs, "ProcessingImageRole")
    (push,) = allowed["ecr:PutImage"]
    assert "ProcessingImageRepository" in json.dumps(push["Resource"])
    (read,) = allowed["s3:GetObject"]
    assert "*" not in json.dumps(read["Resource"])


def test_the_context_holds_what_the_dockerfiles_copy_and_nothing_else(tmp_path: Path) -> None:
    build_context(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"functions", "monitoring_core", "pyproject.toml", "uv.lock"}
    assert not list(tmp_path.rglob("__pycache__"))
    for dockerfile in (ANALYZER, SPARK):
        text = (tmp_path / dockerfile).read_text()
        for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE):
            assert all((tmp_path / source).exists() for source in sources.split())


def test_the_tag_changes_with_a_source_the_lock_and_a_dockerfile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_context(tmp_path)
    monkeypatch.setattr(bundling, "ROOT", tmp_path)
    hashes = {image_fingerprint(), image_fingerprint()}
    for changed in ("functions/analyzer/settings.py", "uv.lock", ANALYZER):
        (tmp_path / changed).write_text("changed")
        hashes.add(image_fingerprint())
    assert len(hashes) == 4


def test_the_base_is_pinned_by_its_digest() -> None:
    for dockerfile in (ANALYZER, SPARK):
        text = (ROOT / dockerfile).read_text()
        bases = set(re.findall(r"^FROM (\S+)", text, re.MULTILINE))
        assert bases == {"${PYTHON_IMAGE}"}
        assert re.search(r"^ARG PYTHON_IMAGE=\S+@sha256:[0-9a-f]{64}$", text, re.MULTILINE)


def test_docker_on_this_machine_is_an_asset(tmp_path: Path) -> None:
    app = App(context=cdk_context(), outdir=str(tmp_path))
    stack = Stack(app, "Images")
    config = load_config(JOBS)
    assert isinstance(config, EndpointConfig)
    key = aws_kms.Key(stack, "Key")
    product_image(stack, "Local", image="docker", dockerfile=ANALYZER, config=config, key=key)
    app.synth()
    (asset,) = json.loads((tmp_path / "Images.assets.json").read_text())["dockerImages"].values()
    assert asset["source"]["dockerFile"] == ANALYZER
    folder = tmp_path / asset["source"]["directory"]
    assert {path.name for path in folder.iterdir()} == {"functions", "monitoring_core", "pyproject.toml", "uv.lock"}
