"""The incident table.

Every write commutes with every other, so events may be delivered twice and in any order: the decision
is claimed once, closing never touches the decision, and what was done is only ever added.

A decision depends on the endpoint's other incidents, so it is written in one transaction with a count of decisions:
two incidents are never decided from the same past, however many functions run at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError

from functions.common.clients import table
from functions.common.contract import Utc
from functions.retrain.decision import Decided, Decision, Verdict
from monitoring_core.spec import Frozen
from monitoring_core.window import format_time

LOCK: Final = "lock"
"""Sort key of the item that counts the endpoint's decisions; an incident's id always has an ``@``."""
_CONTENTION: Final = frozenset({"None", "ConditionalCheckFailed", "TransactionConflict"})


class Incident(Frozen):
    """A decided incident, as the table holds it."""

    endpoint: str
    incident_id: str
    status: str
    decision: Verdict
    reason: str
    opened_at: Utc
    window_end: Utc
    evidence_uri: str
    client_request_token: str
    closed_at: Utc | None = None
    execution_arn: str | None = None
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """What is written about an incident when it is decided."""

    decision: Decision
    opened_at: datetime
    window_end: datetime
    evidence_uri: str


@dataclass(frozen=True, slots=True)
class IncidentTable:
    """The incidents of one endpoint."""

    name: str
    endpoint: str

    def get(self, incident_id: str) -> Incident | None:
        """Return a decided incident, or None while it is not decided."""
        item = table(self.name).get_item(Key=self._key(incident_id), ConsistentRead=True).get("Item")
        return Incident.model_validate(item) if item is not None and "decision" in item else None

    def decided(self) -> Iterator[Decided]:
        """Yield the endpoint's incidents that led, or in a dry run would have led, to a retraining."""
        query: dict[str, Any] = {
            "KeyConditionExpression": Key("endpoint").eq(self.endpoint),
            "FilterExpression": Attr("decision").is_in([Verdict.STARTED, Verdict.DRY_RUN]),
            "ConsistentRead": True,
        }
        while True:
            page = table(self.name).query(**query)
            for item in page["Items"]:
                incident = Incident.model_validate(item)
                yield Decided(incident.incident_id, incident.opened_at, incident.decision)
            if "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def revision(self) -> int:
        """Return how many incidents of the endpoint have been decided."""
        item = table(self.name).get_item(Key=self._key(LOCK), ConsistentRead=True).get("Item", {})
        return int(item.get("revision", 0))

    def claim(self, incident_id: str, claim: Claim, revision: int) -> Incident | None:
        """Write a decision that was made at `revision` of the endpoint.

        Returns
        -------
        Incident or None
            None where nothing was written, because an incident of the endpoint was decided meanwhile: this one or
            another, which may count for the cooldown.
        """
        values = {
            "decision": claim.decision.verdict,
            "reason": claim.decision.reason,
            "opened_at": format_time(claim.opened_at),
            "window_end": format_time(claim.window_end),
            "evidence_uri": claim.evidence_uri,
            "client_request_token": client_request_token(incident_id),
        }
        assignments = ", ".join(f"#{name} = :{name}" for name in values)
        unchanged = "revision = :now" if revision else "attribute_not_exists(revision)"
        lock = {
            "UpdateExpression": "SET revision = :next",
            "ConditionExpression": unchanged,
            "ExpressionAttributeValues": {":next": revision + 1} | ({":now": revision} if revision else {}),
        }
        incident = {
            "UpdateExpression": f"SET #status = if_not_exists(#status, :open), {assignments}",
            "ConditionExpression": "attribute_not_exists(#decision)",
            "ExpressionAttributeNames": {"#status": "status"} | {f"#{name}": name for name in values},
            "ExpressionAttributeValues": {":open": "open"} | {f":{name}": value for name, value in values.items()},
        }
        items = [(LOCK, lock), (incident_id, incident)]
        try:
            table(self.name).meta.client.transact_write_items(
                TransactItems=[
                    {"Update": {"TableName": self.name, "Key": self._key(key), **update}} for key, update in items
                ]
            )
        except ClientError as error:
            if not _is_contention(error):
                raise
            return None
        return self.get(incident_id)

    def record(self, incident_id: str, *, name: str, value: str) -> Incident:
        """Add what was done: ``execution_arn`` or ``message_id``."""
        answer = table(self.name).update_item(
            Key=self._key(incident_id),
            UpdateExpression="SET #name = :value",
            ExpressionAttributeNames={"#name": name},
            ExpressionAttributeValues={":value": value},
            ReturnValues="ALL_NEW",
        )
        return Incident.model_validate(answer["Attributes"])

    def close(self, incident_id: str, closed_at: datetime) -> None:
        """Close an incident, also one whose opening has not been delivered yet."""
        table(self.name).update_item(
            Key=self._key(incident_id),
            UpdateExpression="SET #status = :closed, closed_at = :closed_at",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":closed": "closed", ":closed_at": format_time(closed_at)},
        )

    def _key(self, incident_id: str) -> dict[str, str]:
        return {"endpoint": self.endpoint, "incident_id": incident_id}


def _is_contention(error: ClientError) -> bool:
    """Whether a transaction was refused because others wrote at the same time, and for no other reason."""
    reasons = {reason.get("Code", "None") for reason in error.response.get("CancellationReasons", ())}
    return error.response["Error"]["Code"] == "TransactionCanceledException" and reasons <= _CONTENTION


def client_request_token(incident_id: str) -> str:
    """Return the token that makes SageMaker start an incident's pipeline once, however often it is asked.

    Examples
    --------
    >>> len(client_request_token("a@2013-04-01T00:00:00.000+0000"))
    64
    """
    return hashlib.sha256(incident_id.encode()).hexdigest()
