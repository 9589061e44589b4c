"""What a target receives instead of the event: constant input, a part of it, or a template."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_PLACEHOLDER = re.compile(r"<([^<>\s]+)>")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\['([^']+)'\]")
_MISSING = object()


def target_input(target: Mapping[str, Any], event: Mapping[str, Any], *, rule_arn: str) -> str:
    """Return the text that EventBridge hands to a target.

    Parameters
    ----------
    target : mapping
        As PutTargets takes it, with at most one of ``Input``, ``InputPath``, ``InputTransformer``.
    event : mapping
        The event.
    rule_arn : str
        For templates that ask for it.
    """
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        found = _at(event, target["InputPath"])
        return json.dumps(None if found is _MISSING else found)
    if "InputTransformer" in target:
        return _transformed(target["InputTransformer"], event, rule_arn)
    return json.dumps(event)


def _transformed(transformer: Mapping[str, Any], event: Mapping[str, Any], rule_arn: str) -> str:
    """Fill a template: inside quotes a value becomes text, outside it is JSON.

    Examples
    --------
    >>> transformer = {"InputPathsMap": {"who": "$.detail.name", "n": "$.detail.n"},
    ...                "InputTemplate": '{"text": "hello <who>", "count": <n>, "name": <who>}'}
    >>> _transformed(transformer, {"detail": {"name": "A", "n": 2}}, "arn")
    '{"text": "hello A", "count": 2, "name": "A"}'
    """
    values = {name: _at(event, path) for name, path in transformer.get("InputPathsMap", {}).items()}
    values |= {
        "aws.events.event": event,
        "aws.events.event.json": event,
        "aws.events.event.ingestion-time": event.get("time", ""),
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_arn.rsplit("/", 1)[-1],
    }
    template: str = transformer["InputTemplate"]

    def fill(placeholder: re.Match[str]) -> str:
        if placeholder[1] not in values:
            return placeholder[0]
        value = values[placeholder[1]]
        return _as_text(value) if _in_quotes(template, placeholder.start()) else _as_json(value)

    return _PLACEHOLDER.sub(fill, template)


def _in_quotes(template: str, position: int) -> bool:
    before = re.sub(r"\\.", "", template[:position])
    return before.count('"') % 2 == 1


def _as_text(value: Any) -> str:
    if value is _MISSING:
        return ""
    text = value if isinstance(value, str) else json.dumps(value)
    return json.dumps(text)[1:-1]


def _as_json(value: Any) -> str:
    return json.dumps(None if value is _MISSING else value)


def _at(event: Any, path: str) -> Any:
    """Return what a JSON path (``$.detail.list[0]``) points to."""
    node = event
    for name, index, quoted in _STEP.findall(path.removeprefix("$")):
        try:
            node = node[int(index)] if index else node[name or quoted]
        except (KeyError, IndexError, TypeError):
            return _MISSING
    return node
