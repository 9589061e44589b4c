"""Names in lineage, what an action tells, and that nothing is raised where lineage cannot be had."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from functions.promote import lineage
from functions.promote.lineage import lineage_name, properties_of, record_lineage
from functions.promote.record import Deployment, Source, Status

_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,119}")
_ENDPOINTS = st.from_regex(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", fullmatch=True).filter(lambda name: len(name) <= 63)


def promoted(**changes: Any) -> Deployment:
    facts: dict[str, Any] = {
        "endpoint": "ep",
        "deployment_id": "rollback@7",
        "source": Source.ROLLBACK,
        "status": Status.WATCHING,
        "requested_at": datetime(2013, 4, 1, tzinfo=UTC),
        "model_name": "ep-v3",
        "config_name": "ep-2",
    }
    return Deployment.model_validate({**facts, **changes})


@given(_ENDPOINTS, st.text(max_size=200))
def test_any_deployment_has_a_name_that_fits_and_begins_with_the_endpoint(endpoint: str, deployment: str) -> None:
    name = lineage_name(endpoint, deployment)
    assert _NAME.fullmatch(name)
    assert name.startswith(f"{endpoint}-")


def test_deployments_that_read_alike_have_different_names() -> None:
    assert lineage_name("ep", "rollback@a_b") != lineage_name("ep", "rollback@a b")
    assert lineage_name("ep", "v1@now") == lineage_name("ep", "v1@now")


def test_an_action_tells_what_is_known_and_no_more() -> None:
    known = {"deployment": "rollback@7", "asked-by": "rollback", "model": "ep-v3", "config": "ep-2"}
    assert properties_of(promoted(), "") == known
    told = properties_of(promoted(version=3, incident_id="i"), "s3://b/evidence.json")
    assert told == {**known, "version": "3", "incident": "i", "evidence": "s3://b/evidence.json"}


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceLimitExceeded"])
def test_what_sagemaker_refuses_is_told_and_not_raised(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    sagemaker = boto3.client("sagemaker", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")  # noqa: S106
    monkeypatch.setattr(lineage, "client", lambda _: sagemaker)
    with Stubber(sagemaker) as stub:
        stub.add_client_error("describe_endpoint", code, "no, not you")
        missing = record_lineage(promoted())
    assert missing.startswith("lineage is incomplete: ")
    assert "no, not you" in missing
