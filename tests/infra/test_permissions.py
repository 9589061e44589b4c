"""Every permission in the templates is used by a recorded run, or listed with the reason why it is needed."""

from __future__ import annotations

from typing import Any

from tests.local.permissions.book import covers, granted, listed, on_record

Template = dict[str, Any]


def test_what_no_run_uses_is_listed_with_a_reason_and_nothing_else_is(templates: dict[str, Template]) -> None:
    grants = {one for template in templates.values() for one in granted(template)}
    record = {one for run in on_record().values() for one in run}
    unused = {one for one in grants if not any(covers(one, other) for other in record)}
    assert sorted(unused - listed().keys()) == [], "granted, though no recorded run uses it: take it away, or say why"
    assert sorted(listed().keys() - unused) == [], "listed as unused, though not granted any more, or used"


def test_no_role_is_granted_everything_of_a_service(templates: dict[str, Template]) -> None:
    grants = {one for template in templates.values() for one in granted(template)}
    assert sorted(one for one in grants if one.action.endswith(":*") or one.action == "*") == []


def test_every_reason_says_something() -> None:
    assert [one for one, reason in listed().items() if len(reason.split()) < 6] == []
