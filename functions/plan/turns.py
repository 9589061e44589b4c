"""When the jobs of a fleet start: one a second, as the API takes them, whatever asks for how many at once.

A fleet has one counter, the first second that nobody has. Who comes after that second takes the present one; who comes
before takes the counter's, so that nobody's second is another's, and an endpoint more moves none of the others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

from functions.common.clients import table

LEAD_SECONDS: Final = 60
"""Plan is over by then, counted from the start of its execution: it waits for nobody's turn but that of its jobs."""
_KEY: Final = {"queue": "processing-jobs"}


class Counter(Protocol):
    """The first second that nobody has, in seconds since 1970-01-01T00:00:00Z; each step is atomic."""

    def claim(self, second: int) -> bool:
        """Take a second, unless it or a later one is somebody's; return whether it was taken."""
        ...

    def append(self) -> int:
        """Take the first second that nobody has."""
        ...


def take_turn(counter: Counter, started_at: datetime) -> datetime:
    """Return the second in which a job starts, which is no other job's.

    Parameters
    ----------
    started_at : datetime
        When the execution started.
    """
    earliest = math.ceil(started_at.timestamp()) + LEAD_SECONDS
    second = earliest if counter.claim(earliest) else counter.append()
    return datetime.fromtimestamp(second, UTC)


@dataclass(frozen=True, slots=True)
class CounterTable:
    """The counter of a fleet, an item in DynamoDB."""

    name: str

    def claim(self, second: int) -> bool:
        """Take a second, unless it or a later one is somebody's; return whether it was taken."""
        try:
            table(self.name).update_item(
                Key=_KEY,
                UpdateExpression="SET next_free = :after",
                ConditionExpression=Attr("next_free").not_exists() | Attr("next_free").lte(second),
                ExpressionAttributeValues={":after": second + 1},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def append(self) -> int:
        """Take the first second that nobody has."""
        old = table(self.name).update_item(
            Key=_KEY,
            UpdateExpression="ADD next_free :one",
            ExpressionAttributeValues={":one": 1},
            ReturnValues="UPDATED_OLD",
        )
        return int(old["Attributes"]["next_free"])
