"""The incidents of an endpoint: what was raised, what was decided, what was done.

Every write commutes with every other, so events may be delivered twice and in any order: closing never touches the
decision, and what was done is only ever added.

A decision depends on the endpoint's other incidents, so it is written in one transaction with a count of decisions:
two incidents are never decided from the same past, however many functions run at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from boto3.dynamodb.conditions import Key
from botocore.exceptions import ClientError

from functions.common.clients import table
from functions.common.contract import Utc
from functions.retrain.decision import Decided, Outcome, Verdict
from monitoring_core.spec import Frozen

LOCK: Final = "lock"
"""Sort key of the item that counts the endpoint's decisions; an incident's id always has an ``@``."""
OPEN, CLOSED = "open", "closed"
_CONTENTION: Final = frozenset({"None", "ConditionalCheckFailed", "TransactionConflict"})


class Incident(Frozen):
    """An incident, as the table holds it.

    Attributes
    ----------
    opened_at, decided_at : datetime
        When it was raised, and of which moment its latest decision is.
    told : frozenset of Verdict
        The verdicts that people have been told.
    outcome : Outcome or None
        What became of its retraining, once that has ended.
    promotion : str
        What became of the model that was trained for it.
    """

    endpoint: str
    incident_id: str
    source: str = ""
    schedule: str = ""
    cause: str = ""
    status: str
    decision: Verdict | None = None
    reason: str = ""
    opened_at: Utc | None = None
    decided_at: Utc | None = None
    window_end: Utc | None = None
    evidence_uri: str = ""
    client_request_token: str = ""
    closed_at: Utc | None = None
    execution_arn: str | None = None
    outcome: Outcome | None = None
    told: frozenset[Verdict] = frozenset()
    promotion: str = ""

    @property
    def is_waiting(self) -> bool:
        """Whether it is open, and is to be decided anew."""
        return self.status == OPEN and (self.decision is None or not self.decision.is_final)

    @property
    def is_unfinished(self) -> bool:
        """Whether something that was decided has not been done, or not been told."""
        not_started = self.decision is Verdict.STARTED and self.execution_arn is None
        return not_started or self.is_untold

    @property
    def is_untold(self) -> bool:
        """Whether people have to be told the decision: the first one, and later ones that change what they have to do.

        To wait for something else changes nothing, and what was told once is known.
        """
        if self.decision is None or self.decision in self.told:
            return False
        return not (self.told and self.decision.is_mere_waiting)

    @property
    def is_running(self) -> bool:
        """Whether its retraining has not ended, as far as is known."""
        return self.decision is Verdict.STARTED and self.outcome is None

    @property
    def decided(self) -> Decided | None:
        """What later decisions take into account; None where nothing was started."""
        if self.decision is None or self.decided_at is None or not self.decision.is_final:
            return None
        by_hand = self.source == "manual"
        return Decided(self.incident_id, self.decided_at, self.decision, self.outcome, by_hand)


class Incidents(Protocol):
    """The incidents of one endpoint, wherever they are kept."""

    def all(self) -> tuple[int, list[Incident]]:
        """Return how many decisions have been made, and every incident."""
        ...

    def claim(self, incident: Incident, revision: int) -> Incident | None:
        """Write a decided incident and return it; None where a decision has been made since `revision`."""
        ...

    def record(self, incident_id: str, values: Mapping[str, str]) -> Incident:
        """Add what was done."""
        ...

    def note_told(self, incident_id: str, verdict: Verdict) -> Incident:
        """Add that people have been told a verdict."""
        ...


@dataclass(frozen=True, slots=True)
class IncidentTable:
    """The incidents of one endpoint in DynamoDB."""

    name: str
    endpoint: str

    def all(self) -> tuple[int, list[Incident]]:
        """Return how many decisions have been made, and every incident."""
        items = list(self._items())
        revision = next((int(item["revision"]) for item in items if item["incident_id"] == LOCK), 0)
        return revision, [Incident.model_validate(item) for item in items if item["incident_id"] != LOCK]

    def claim(self, incident: Incident, revision: int) -> Incident | None:
        """Write a decided incident and return it; None where a decision has been made since `revision`."""
        key = {"endpoint", "incident_id", "status"}
        facts = incident.model_dump(mode="json", exclude_none=True, exclude_unset=True, exclude=key)
        names = {f"#{name}": name for name in facts} | {"#status": "status"}
        assignments = ", ".join(f"#{name} = :{name}" for name in facts)
        unchanged = "revision = :now" if revision else "attribute_not_exists(revision)"
        lock = {
            "UpdateExpression": "SET revision = :next",
            "ConditionExpression": unchanged,
            "ExpressionAttributeValues": {":next": revision + 1} | ({":now": revision} if revision else {}),
        }
        decided = {
            "UpdateExpression": f"SET #status = if_not_exists(#status, :status), {assignments}",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": {f":{name}": value for name, value in facts.items()}
            | {":status": incident.status},
        }
        try:
            table(self.name).meta.client.transact_write_items(
                TransactItems=[
                    {"Update": {"TableName": self.name, "Key": self._key(key), **update}}
                    for key, update in ((LOCK, lock), (incident.incident_id, decided))
                ]
            )
        except ClientError as error:
            if not _is_contention(error):
                raise
            return None
        item = table(self.name).get_item(Key=self._key(incident.incident_id), ConsistentRead=True)["Item"]
        return Incident.model_validate(item)

    def record(self, incident_id: str, values: Mapping[str, str]) -> Incident:
        """Add what was done."""
        return self._update(incident_id, "SET " + ", ".join(f"#{name} = :{name}" for name in values), values)

    def note_told(self, incident_id: str, verdict: Verdict) -> Incident:
        """Add that people have been told a verdict."""
        return self._update(incident_id, "ADD #told :told", {"told": {verdict.value}})

    def _update(self, incident_id: str, expression: str, values: Mapping[str, str | set[str]]) -> Incident:
        answer = table(self.name).update_item(
            Key=self._key(incident_id),
            UpdateExpression=expression,
            ExpressionAttributeNames={f"#{name}": name for name in values},
            ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
            ReturnValues="ALL_NEW",
        )
        return Incident.model_validate(answer["Attributes"])

    def _items(self) -> Iterator[dict[str, Any]]:
        query: dict[str, Any] = {
            "KeyConditionExpression": Key("endpoint").eq(self.endpoint),
            "ConsistentRead": True,
        }
        while True:
            page = table(self.name).query(**query)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _key(self, incident_id: str) -> dict[str, str]:
        return {"endpoint": self.endpoint, "incident_id": incident_id}


def _is_contention(error: ClientError) -> bool:
    """Whether a transaction was refused because others wrote at the same time, and for no other reason."""
    reasons = {reason.get("Code", "None") for reason in error.response.get("CancellationReasons", ())}
    return error.response["Error"]["Code"] == "TransactionCanceledException" and reasons <= _CONTENTION


def client_request_token(endpoint: str, incident_id: str) -> str:
    """Return the token that makes SageMaker start an incident's pipeline once, however often it is asked.

    Examples
    --------
    >>> len(client_request_token("flights-prod", "a@2013-04-01T00:00:00.000+0000"))
    64
    """
    return hashlib.sha256(f"{endpoint}/{incident_id}".encode()).hexdigest()
