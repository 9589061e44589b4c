"""The deployments of an endpoint in DynamoDB.

A deployment is taken up in one transaction with a count of the changes made, so however many functions run at once,
one deployment is under way at a time, and none is taken up twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError

from functions.common.clients import table
from functions.promote.record import Deployment

LOCK: Final = "lock"
"""Sort key of the item that counts the changes; a deployment's id always has an ``@``."""
_CONTENTION: Final = frozenset({"None", "ConditionalCheckFailed", "TransactionConflict"})


class Deployments(Protocol):
    """The deployments of one endpoint, wherever they are kept."""

    def all(self) -> tuple[int, list[Deployment]]:
        """Return how many changes have been made, and every deployment in the order of request."""
        ...

    def ask(self, wanted: Deployment) -> bool:
        """Write down what is asked for, once; return whether it was new."""
        ...

    def move(self, changed: Deployment, revision: int) -> bool:
        """Write the next state of a deployment; False where anything has been written since `revision`."""
        ...

    def note_told(self, deployment: Deployment) -> None:
        """Write down that people have been told of a deployment's status."""
        ...


@dataclass(frozen=True, slots=True)
class DeploymentTable:
    """The deployments of one endpoint in DynamoDB."""

    name: str
    endpoint: str

    def all(self) -> tuple[int, list[Deployment]]:
        """Return how many changes have been made, and every deployment in the order of request."""
        items = list(self._items())
        revision = next((int(item["revision"]) for item in items if item["deployment_id"] == LOCK), 0)
        found = [Deployment.model_validate(item) for item in items if item["deployment_id"] != LOCK]
        return revision, sorted(found, key=lambda one: (one.requested_at, one.deployment_id))

    def ask(self, wanted: Deployment) -> bool:
        """Write down what is asked for, once; return whether it was new."""
        try:
            table(self.name).put_item(Item=_item(wanted), ConditionExpression=Attr("deployment_id").not_exists())
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def put(self, deployment: Deployment) -> None:
        """Write a deployment whatever was there."""
        table(self.name).put_item(Item=_item(deployment))

    def move(self, changed: Deployment, revision: int) -> bool:
        """Write the next state of a deployment; False where anything has been written since `revision`."""
        unchanged = "revision = :now" if revision else "attribute_not_exists(revision)"
        lock = {
            "Update": {
                "TableName": self.name,
                "Key": {"endpoint": self.endpoint, "deployment_id": LOCK},
                "UpdateExpression": "SET revision = :next",
                "ConditionExpression": unchanged,
                "ExpressionAttributeValues": {":next": revision + 1} | ({":now": revision} if revision else {}),
            }
        }
        put = {"Put": {"TableName": self.name, "Item": _item(changed)}}
        try:
            table(self.name).meta.client.transact_write_items(TransactItems=[lock, put])
        except ClientError as error:
            if not _is_contention(error):
                raise
            return False
        return True

    def note_told(self, deployment: Deployment) -> None:
        """Write down that people have been told of a deployment's status."""
        table(self.name).update_item(
            Key={"endpoint": self.endpoint, "deployment_id": deployment.deployment_id},
            UpdateExpression="SET told = :status",
            ExpressionAttributeValues={":status": deployment.status.value},
        )

    def _items(self) -> Iterator[Mapping[str, Any]]:
        query: dict[str, Any] = {"KeyConditionExpression": Key("endpoint").eq(self.endpoint), "ConsistentRead": True}
        while True:
            page = table(self.name).query(**query)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _item(deployment: Deployment) -> dict[str, Any]:
    return deployment.model_dump(mode="json", exclude_none=True)


def _is_contention(error: ClientError) -> bool:
    """Whether a transaction was refused because others wrote at the same time, and for no other reason."""
    reasons = {reason.get("Code", "None") for reason in error.response.get("CancellationReasons", ())}
    return error.response["Error"]["Code"] == "TransactionCanceledException" and reasons <= _CONTENTION
