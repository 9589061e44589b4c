"""Lineage on the local account, as promotion records it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from functions.common import clients
from functions.promote.lineage import record_lineage
from functions.promote.record import Deployment, Source, Status

if TYPE_CHECKING:
    from tests.local.sagemaker.conftest import Bench

ARN = "arn:aws:sagemaker:us-east-1:123456789012"
START = datetime(2013, 4, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _account(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in bench.environment().items():
        monkeypatch.setenv(name, value)
    clients.client.cache_clear()
    bench.deploy()
    yield
    clients.client.cache_clear()


def promoted(**changes: Any) -> Deployment:
    facts = {"endpoint": "ep", "deployment_id": "v1@2013", "source": Source.APPROVAL, "status": Status.SUCCEEDED}
    return Deployment.model_validate({**facts, "requested_at": START, "model_name": "model", **changes})


def register(bench: Bench) -> str:
    sagemaker = bench.client("sagemaker")
    sagemaker.create_model_package_group(ModelPackageGroupName="credit")
    answer = sagemaker.create_model_package(
        ModelPackageGroupName="credit",
        CustomerMetadataProperties={"evidence-uri": "s3://bucket/evidence.json"},
    )
    return str(answer["ModelPackageArn"])


def test_a_deployment_stands_between_package_and_endpoint_however_often_it_is_recorded(bench: Bench) -> None:
    sagemaker, package = bench.client("sagemaker"), register(bench)
    for _ in range(2):
        assert record_lineage(promoted(package=package, version=1)) == ""
    (action,) = sagemaker.list_actions(SourceUri=f"{ARN}:endpoint/ep")["ActionSummaries"]
    told = sagemaker.describe_action(ActionName=action["ActionName"])
    assert (told["ActionType"], told["Status"]) == ("ModelDeployment", "Completed")
    assert (told["Properties"]["version"], told["Properties"]["evidence"]) == ("1", "s3://bucket/evidence.json")
    (artifact,) = sagemaker.list_artifacts(SourceUri=package)["ArtifactSummaries"]
    (context,) = sagemaker.list_contexts(SourceUri=f"{ARN}:endpoint/ep")["ContextSummaries"]
    edges = sagemaker.list_associations(SortOrder="Ascending")["AssociationSummaries"]
    assert {(one["SourceArn"], one["AssociationType"], one["DestinationArn"]) for one in edges} == {
        (artifact["ArtifactArn"], "ContributedTo", action["ActionArn"]),
        (action["ActionArn"], "Produced", context["ContextArn"]),
    }
    assert len(edges) == 2


def test_the_stacks_own_model_gets_an_artifact_where_it_has_none(bench: Bench) -> None:
    for number in range(2):
        assert record_lineage(promoted(deployment_id=f"rollback@{number}")) == ""
    (artifact,) = bench.client("sagemaker").list_artifacts()["ArtifactSummaries"]
    assert (artifact["Source"]["SourceUri"], artifact["ArtifactType"]) == (f"{ARN}:model/model", "Model")
    found = bench.client("sagemaker").list_associations(SourceArn=artifact["ArtifactArn"])
    assert [one["DestinationType"] for one in found["AssociationSummaries"]] == ["ModelDeployment"] * 2


def test_there_is_one_artifact_of_a_source_and_edges_join_what_there_is(bench: Bench) -> None:
    sagemaker, package = bench.client("sagemaker"), register(bench)
    with pytest.raises(ClientError, match="already exists"):
        sagemaker.create_artifact(ArtifactType="Model", Source={"SourceUri": package})
    (artifact,) = sagemaker.list_artifacts(ArtifactType="Model")["ArtifactSummaries"]
    with pytest.raises(sagemaker.exceptions.ResourceNotFound, match="action/none"):
        sagemaker.add_association(SourceArn=artifact["ArtifactArn"], DestinationArn=f"{ARN}:action/none")
    assert sagemaker.list_contexts(ContextType="Other")["ContextSummaries"] == []
