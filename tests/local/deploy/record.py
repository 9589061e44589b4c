"""What the roles of the deployed stacks use, held against the record, from one step of the tests to the next."""

from __future__ import annotations

from typing import Final

from tests.local.deploy.deployed import Deployment
from tests.local.permissions.book import check

RUNS: Final = ("transform jobs", "every runtime", "backfill", "destruction")
"""Steps in the order of their files; all are in one account, and any may be left out."""


def check_permissions(run: str, deployment: Deployment) -> None:
    """Compare what has been used by the end of a step with policies and record."""
    names = {name: logical_id for ids in deployment.physical_ids.values() for logical_id, name in ids.items()}
    # The account knows roles by their stacks, as long as those are there.
    rows = [
        {**one, "logical_id": names.get(one["role"].rpartition("/")[2])} for one in deployment.account.permissions()
    ]
    check(run, rows, after=RUNS[: RUNS.index(run)])
