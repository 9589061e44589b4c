"""Runs are held to what is on record of them: neither more than the list allows, nor less."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.local.permissions import book

LISTED = """
- because: another run would use it
  roles: { PlanRole: ["s3:Delete*"] }
- because: only what fails ends there
  by_chance: true
  roles: { PlanRole: [sqs:SendMessage] }
"""
READ, WRITE, DELETE, SEND = "s3:GetObject", "s3:PutObject", "s3:DeleteObject", "sqs:SendMessage"


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "USED", tmp_path / "used.json")
    monkeypatch.setattr(book, "UNUSED", tmp_path / "unused.yaml")
    monkeypatch.delenv(book.RECORD, raising=False)
    book.UNUSED.write_text(LISTED)
    book.USED.write_text(json.dumps({"demo": {"PlanRole": [READ, WRITE]}}))


@pytest.fixture
def record(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Put a run on record; return the record."""

    def write(run: str, *actions: str, after: Iterable[str] = ()) -> dict[str, Any]:
        with monkeypatch.context() as patch:
            patch.setenv(book.RECORD, "1")
            book.check(run, rows(*actions), after=after)
        found: dict[str, Any] = json.loads(book.USED.read_text())
        return found

    return write


def rows(*actions: str, allowed: bool = True) -> list[dict[str, Any]]:
    role = {"role": "arn:aws:iam::1:role/s-PlanRole0A1B2C3D-x", "logical_id": "PlanRole0A1B2C3D"}
    return [{**role, "action": action, "resource": "*", "allowed": allowed} for action in actions]


def test_a_run_as_on_record_passes_and_may_use_what_other_runs_use() -> None:
    book.check("demo", rows(READ, WRITE))
    book.check("demo", rows(READ, WRITE, "s3:ListBucket"))


def test_what_is_not_used_any_more_fails() -> None:
    with pytest.raises(AssertionError, match=r"on record for demo, and not used any more; .*s3:PutObject"):
        book.check("demo", rows(READ))


def test_what_is_listed_as_unused_may_not_be_used() -> None:
    with pytest.raises(AssertionError, match=r"listed in unused.yaml, though demo uses it; .*s3:Delete\*"):
        book.check("demo", rows(READ, WRITE, DELETE))


def test_what_a_policy_does_not_allow_fails() -> None:
    with pytest.raises(AssertionError, match="PlanRole0A1B2C3D-x: s3:GetObject on"):
        book.check("demo", rows(READ, allowed=False))


def test_what_happens_by_chance_is_neither_wanted_nor_forbidden(record: Callable[..., dict[str, Any]]) -> None:
    book.check("demo", rows(READ, WRITE, SEND))
    assert record("demo", READ, WRITE, SEND) == {"demo": {"PlanRole": [READ, WRITE]}}


def test_a_run_has_on_record_what_those_before_it_do_not_use(record: Callable[..., dict[str, Any]]) -> None:
    assert record("later", READ, DELETE, after=["demo"])["later"] == {"PlanRole": [DELETE]}
    assert record("alone", READ, DELETE, after=["none"])["alone"] == {"PlanRole": [DELETE, READ]}
