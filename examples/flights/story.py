"""The end of the demo: what happened in words. Every figure comes from the account."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from rich.markup import escape

from examples.flights import findings, loop
from examples.flights.outcome import Outcome, Run
from examples.flights.served import services
from monitoring_core.report.words import count

MAX_DAYS = 240


def tell(outcome: Outcome) -> Iterator[str]:
    """Tell what happened, line by line, with rich markup."""
    yield ""
    yield from findings.tell_data_quality(_judged(outcome, "data-quality"))
    yield ""
    yield from findings.tell_model_quality(_judged(outcome, "model-quality"), services(outcome.deployments()))
    yield ""
    yield from findings.tell_model_bias(_judged(outcome, "model-bias"), outcome)
    yield ""
    yield from findings.tell_model_explainability(_judged(outcome, "model-explainability"))
    yield ""
    yield from loop.tell_incidents(outcome)
    yield ""
    yield from loop.tell_service(outcome)
    yield ""
    yield from _tell_messages(outcome.messages())


def is_veto(message: dict[str, Any]) -> bool:
    """Whether a message says that no retraining helps against an alarm of data quality, for the data are broken."""
    text = str(message["message"])
    is_about_data = re.search(r"^Incident: +\S+-data-quality-violations@", text, flags=re.MULTILINE) is not None
    return message["subject"].endswith("no retraining: it would not help") and is_about_data


def _judged(outcome: Outcome, monitor: str) -> list[Run]:
    """Return the runs that have a verdict: not those over windows before the first request."""
    return [run for run in outcome.runs(monitor) if run.evaluation is not None]


def _tell_messages(messages: list[dict[str, Any]]) -> Iterator[str]:
    yield f"[bold]{count(len(messages), 'message')} to the team[/]"
    for message in messages:
        yield f"  {datetime.fromisoformat(message['time']):%d %b %H:%M}  {escape(message['subject'])}"
    for about, matches in _IN_FULL.items():
        found = next((message for message in messages if matches(message)), None)
        if found is not None:
            yield f"  {about}, in full:"
            yield from (f"    {escape(line)}" for line in found["message"].splitlines())


_IN_FULL: Final[Mapping[str, Callable[[dict[str, Any]], bool]]] = {
    "the first alarm": lambda message: " worst " in message["subject"],
    "the veto": is_veto,
    "the promotion": lambda message: message["subject"].endswith("is in service"),
}
