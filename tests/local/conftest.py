"""One account for the tests that only need one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from localaws.account import LocalAccount
from tests.local.lab import Lab

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": ["lambda.amazonaws.com"]}, "Action": "sts:AssumeRole"},
        {"Effect": "Allow", "Principal": {"Service": ["states.amazonaws.com"]}, "Action": "sts:AssumeRole"},
    ],
}
START = datetime(2013, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def account() -> Iterator[LocalAccount]:
    with LocalAccount(start=START, enforce_policies=False) as account:  # its roles have no policies
        account.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(TRUST))
        yield account


@pytest.fixture
def lab(account: LocalAccount) -> Iterator[Lab]:
    """The shared account on a day that no other test has seen; nothing may go wrong inside it."""
    account.advance_to(account.now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1))
    lab = Lab(account)
    yield lab
    account.settle()
    lab.clean()
    assert lab.journal("failure") == []
