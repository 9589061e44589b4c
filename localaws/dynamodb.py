"""DynamoDB: one request at a time.

Why moto 5.2.5's method is replaced
-----------------------------------
- ``DynamoHandler.call_action`` is called by many threads at once, but ``transact_write_items`` copies every table
  first and puts the copies back when a condition fails: what another request wrote meanwhile would be lost.
"""

from __future__ import annotations

import threading
from typing import Any

from moto.dynamodb.responses import DynamoHandler

from localaws.replacing import replace


def install() -> None:
    """Make transactions what they are: serialisable."""
    lock = threading.Lock()

    def call_action(self: Any) -> Any:
        with lock:
            return original(self)

    original = replace(DynamoHandler, "call_action", call_action)
