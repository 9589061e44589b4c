"""DynamoDB is serialisable, also under transactions that fail."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from localaws.account import LocalAccount

TABLE = "numbers"
ROWS = 200
WRITES = 40


def test_a_transaction_that_is_refused_takes_nothing_back_that_others_wrote(account: LocalAccount) -> None:
    dynamodb = account.client("dynamodb")
    dynamodb.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )

    for number in range(ROWS):  # moto copies them all for a transaction, which takes its time
        dynamodb.put_item(TableName=TABLE, Item={"id": {"S": f"row-{number}"}})

    def put(number: int) -> None:
        dynamodb.put_item(TableName=TABLE, Item={"id": {"S": f"put-{number}"}})

    def refused(_: int) -> None:
        condition: dict[str, Any] = {
            "TableName": TABLE,
            "Key": {"id": {"S": "nothing"}},
            "ConditionExpression": "attribute_exists(id)",
        }
        with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
            dynamodb.transact_write_items(TransactItems=[{"ConditionCheck": condition}])

    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(work, number) for number in range(WRITES) for work in (put, refused)]
    for one in done:
        one.result()
    assert dynamodb.scan(TableName=TABLE)["Count"] == ROWS + WRITES
    dynamodb.delete_table(TableName=TABLE)
