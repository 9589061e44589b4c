"""Composite alarms: a rule over the states of other alarms."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated, ClassVar, Final, Self

from pydantic import Field, model_validator

from monitoring_core.alarms.alarm import Alarm
from monitoring_core.alarms.state import AlarmState, StateValue, timestamp_text
from monitoring_core.errors import ConfigError

MAX_LENGTH: Final = 10_240
_PYTHON_WORD: Final = {"AND": "and", "OR": "or", "NOT": "not", "TRUE": "True", "FALSE": "False"}
_WORDS: Final = (
    r"\b(?P<state>ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*"
    r"(?:\"(?P<double>[^\"]+)\"|'(?P<single>[^']+)'|(?P<bare>[^\s\"'()]+))\s*\)"
    r"|\b(?P<word>AND|OR|NOT|TRUE|FALSE)\b"
)


class CompositeAlarmDefinition(Alarm):
    """A composite alarm as ``PutCompositeAlarm`` takes it.

    Examples
    --------
    >>> alarm = CompositeAlarmDefinition.from_api({"AlarmName": "any", "AlarmRule": 'ALARM(a) OR NOT OK("b c")'})
    >>> sorted(alarm.children)
    ['a', 'b c']
    """

    kind: ClassVar[str] = "composite alarm"

    alarm_rule: Annotated[str, Field(min_length=1, max_length=MAX_LENGTH)]

    @model_validator(mode="after")
    def _has_a_readable_rule(self) -> Self:
        _parse(self.alarm_rule)
        return self

    @cached_property
    def rule(self) -> ast.expr:
        """The rule, checked."""
        return _parse(self.alarm_rule)

    @cached_property
    def children(self) -> frozenset[str]:
        """Names of the alarms the rule reads."""
        return frozenset(_child(node) for node in ast.walk(self.rule) if isinstance(node, ast.Call))


def evaluate_composite(
    definition: CompositeAlarmDefinition, states: Mapping[str, AlarmState], now: datetime, previous_state: AlarmState
) -> AlarmState:
    """State of a composite alarm: ``ALARM`` where its rule holds, else ``OK``.

    Parameters
    ----------
    states : mapping of str to AlarmState
        State of every alarm the rule names, by alarm name.

    Returns
    -------
    AlarmState
        `previous_state` itself as long as the value is unchanged.

    Raises
    ------
    ConfigError
        If the rule names an alarm that does not exist.
    """
    unknown = sorted(definition.children - set(states))
    if unknown:
        raise ConfigError(
            f"composite alarm {definition.alarm_name!r} names alarms that do not exist: {', '.join(unknown)}; "
            f"known alarms: {', '.join(sorted(states)) or '(none)'}"
        )
    value = StateValue.ALARM if _holds(definition.rule, states) else StateValue.OK
    if value is previous_state.value:
        return previous_state
    return _transition(definition, value, states, now)


def _transition(
    definition: CompositeAlarmDefinition, value: StateValue, states: Mapping[str, AlarmState], now: datetime
) -> AlarmState:
    if not definition.children:
        return AlarmState(value, f"The rule is always {value is StateValue.ALARM}", now)
    name = max(sorted(definition.children), key=lambda child: states[child].timestamp)
    trigger = states[name]
    arn = f"{definition.alarm_arn.rpartition(':')[0]}:{name}" if definition.alarm_arn else name
    reason = f"{arn} transitioned to {trigger.value} at {trigger.timestamp.astimezone(UTC):%A %d %B, %Y %H:%M:%S} UTC"
    state = {"value": str(trigger.value), "timestamp": timestamp_text(trigger.timestamp)}
    return AlarmState(value, reason, now, {"triggeringAlarms": [{"arn": arn, "state": state}]})


def _parse(rule: str) -> ast.expr:
    """Read a rule; it is a Python expression once names are quoted and words are lower case."""

    def translate(found: re.Match[str]) -> str:
        if found["word"]:
            return _PYTHON_WORD[found["word"]]
        name = found["double"] or found["single"] or found["bare"]
        return f"{found['state']}({name.rpartition(':')[2]!r})"  # an ARN ends in the name

    try:
        root = ast.parse(f"({re.sub(_WORDS, translate, rule)})", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(f"cannot read alarm rule {rule!r}; check brackets, quotes and operators") from None
    _check(root, rule)
    return root


def _check(node: ast.expr, rule: str) -> None:
    match node:
        case ast.Call(func=ast.Name(id="ALARM" | "OK" | "INSUFFICIENT_DATA"), args=[ast.Constant(value=str())]):
            return
        case ast.Constant(value=bool()):
            return
        case ast.BoolOp(values=parts):
            for part in parts:
                _check(part, rule)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            _check(operand, rule)
        case _:
            raise ValueError(
                f"{ast.unparse(node)!r} is not supported in alarm rule {rule!r}; "
                "use ALARM(), OK(), INSUFFICIENT_DATA(), AND, OR, NOT, TRUE, FALSE"
            )


def _child(call: ast.Call) -> str:
    name = call.args[0]
    assert isinstance(name, ast.Constant)  # noqa: S101 - checked by _check
    return str(name.value)


def _holds(node: ast.expr, states: Mapping[str, AlarmState]) -> bool:
    match node:
        case ast.Call(func=ast.Name(id=expected)):
            return states[_child(node)].value == expected
        case ast.BoolOp(op=ast.And(), values=parts):
            return all(_holds(part, states) for part in parts)
        case ast.BoolOp(values=parts):
            return any(_holds(part, states) for part in parts)
        case ast.UnaryOp(operand=operand):
            return not _holds(operand, states)
        case ast.Constant(value=value):
            return bool(value)
    raise AssertionError(f"unchecked node {node!r}")
