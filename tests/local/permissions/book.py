"""What the roles of the stacks are granted, what recorded runs have used of it, and why the rest is needed.

A permission is a role (its logical id without the hash, so that it is the same in every stack) and an action, as the
policy spells it. `used.json` is written by runs, `unused.yaml` by people.

Runs are compared with the record, so what is on record must not depend on chance. What only happens when something
fails, comes twice or takes long is listed in `unused.yaml` with ``by_chance``: no run is held to it, and none is
forbidden to use it. Several runs in one account depend on which of them were asked for; each has on record only what
those do not use that come before it, which it uses as well when it runs alone.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

import yaml

FOLDER = Path(__file__).parent
USED = FOLDER / "used.json"
UNUSED = FOLDER / "unused.yaml"
RECORD = "RECORD_PERMISSIONS"
"""Environment variable: set, runs write what they use to `used.json` instead of comparing with it."""

_HASH = re.compile(r"[0-9A-F]{8}$")


class Permission(NamedTuple):
    """A role of the stacks, and an action."""

    role: str
    action: str


def granted(template: Mapping[str, Any]) -> set[Permission]:
    """Return what the policies of a template grant.

    Examples
    --------
    >>> document = {"Statement": [{"Effect": "Allow", "Action": "sns:Publish", "Resource": "..."}]}
    >>> policy = {"PolicyDocument": document, "Roles": [{"Ref": "PlanRole0A1B2C3D"}]}
    >>> granted({"Resources": {"Policy": {"Type": "AWS::IAM::Policy", "Properties": policy}}})
    {Permission(role='PlanRole', action='sns:Publish')}
    """
    found = set()
    for logical_id, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        match resource["Type"]:
            case "AWS::IAM::Policy":
                found |= _pairs([role["Ref"] for role in properties["Roles"]], [properties])
            case "AWS::IAM::Role":
                assert "ManagedPolicyArns" not in properties, f"{logical_id} has policies that others write"
                found |= _pairs([logical_id], properties.get("Policies", []))
    return found


def used(rows: Iterable[Mapping[str, Any]]) -> set[Permission]:
    """Return what roles of stacks have used, from ``LocalAccount.permissions()``."""
    return {Permission(_name(row["logical_id"]), row["action"]) for row in rows if row["logical_id"]}


def refused(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return one line for everything that a role has done, or tried, without being allowed to."""
    return sorted(f"{one['role']}: {one['action']} on {one['resource']}" for one in rows if not one["allowed"])


def covers(grant: Permission, one: Permission) -> bool:
    """Tell whether a granted permission, whose action may have wildcards, is what was used."""
    return grant.role == one.role and fnmatchcase(one.action.lower(), grant.action.lower())


def on_record() -> dict[str, set[Permission]]:
    """Return what each recorded run has used."""
    runs = json.loads(USED.read_text()) if USED.exists() else {}
    return {run: {Permission(role, action) for role in roles for action in roles[role]} for run, roles in runs.items()}


def listed() -> dict[Permission, str]:
    """Return the permissions that no recorded run has used, with the reason why they are granted."""
    return {one: entry["because"] for entry in _entries() for one in _permissions(entry)}


def by_chance() -> set[Permission]:
    """Return the listed permissions that a run may use or not."""
    return {one for entry in _entries() if entry.get("by_chance", False) for one in _permissions(entry)}


def check(run: str, rows: list[dict[str, Any]], *, after: Iterable[str] = ()) -> None:
    """Compare what a run has used with policies, record and list; or put it on record (`RECORD`).

    Parameters
    ----------
    after : iterable of str
        Runs of the same account that come before it, if they are asked for.
    """
    denied = refused(rows)
    assert not denied, "\n".join(["no policy of the role allows it:", *denied])
    chance, record = by_chance(), on_record()
    now = {one for one in used(rows) if not any(covers(other, one) for other in chance)}
    if os.environ.get(RECORD):
        before = {one for other in after for one in record.get(other, ())}
        _write({**record, run: now - before})
        return
    gone = sorted(record.get(run, set()) - now)
    assert not gone, f"on record for {run}, and not used any more; {_HOW}: {gone}"
    wrong = sorted(one for one in listed() if any(covers(one, other) for other in now))
    assert not wrong, f"listed in {UNUSED.name}, though {run} uses it; {_HOW}: {wrong}"


def _entries() -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = yaml.safe_load(UNUSED.read_text())
    return entries


def _permissions(entry: Mapping[str, Any]) -> Iterator[Permission]:
    for role, actions in entry["roles"].items():
        yield from (Permission(role, action) for action in actions)


def _pairs(roles: list[str], policies: list[Any]) -> set[Permission]:
    statements = [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]
    actions = {action for one in statements if one["Effect"] == "Allow" for action in _listed(one["Action"])}
    return {Permission(_name(role), action) for role in roles for action in actions}


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _name(logical_id: str) -> str:
    return _HASH.sub("", logical_id)


def _write(runs: Mapping[str, set[Permission]]) -> None:
    told: dict[str, dict[str, list[str]]] = {}
    for run in sorted(runs):
        roles = told[run] = {}
        for role, action in sorted(runs[run]):
            roles.setdefault(role, []).append(action)
    USED.write_text(json.dumps(told, indent=1) + "\n")


_HOW = "record the runs anew and look at the list (docs/security.md)"
