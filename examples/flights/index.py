"""The first page: what happened, which models served, what was vetoed, and a link to each monitor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from examples.flights.outcome import Outcome
from examples.flights.replay import DAY, FAULT_DAYS, FAULT_START, LIVE_START
from examples.flights.served import Record, records, steps
from examples.flights.story import is_veto
from monitoring_core.report.timeline import TimelineEvent

TITLE = "Flights out of New York, 2013"
STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:3rem auto;max-width:60rem;padding:0 1rem;color:#1b1f24}
h2{margin-top:2.5rem} table{border-collapse:collapse;width:100%} td,th{text-align:left;vertical-align:top;
padding:.3rem .8rem .3rem 0;border-bottom:1px solid #e3e6ea} td:first-child{white-space:nowrap} pre{background:#f5f6f8;
padding:1rem;white-space:pre-wrap;overflow-wrap:anywhere} .alarm{color:#b3261e} .ok{color:#1a7f37} .fault{color:#8a5a00}
"""


def render_index(outcome: Outcome, endpoint: str, links: Sequence[str]) -> str:
    """Return the page; `links` are list items about the monitors."""
    parts = [
        f"<h1>{TITLE}</h1><p>Endpoint {escape(endpoint)}, from {LIVE_START:%d %B} on. Every line comes from the "
        "account, but those about the injected fault.</p>",
        f"<h2>What happened</h2><table>{''.join(map(_row, _events(outcome)))}</table>",
        f"<h2>Models in service</h2><table>{_HEAD}{''.join(_model(outcome, one) for one in records(outcome))}</table>",
        *(f"<h2>The veto</h2><pre>{escape(message['message'])}</pre>" for message in _vetoes(outcome)),
        f"<h2>Monitors</h2><ul>{''.join(links)}</ul>",
    ]
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{TITLE}</title><style>{STYLE}</style>'
    return f"{head}{''.join(parts)}</html>\n"


def fault_events() -> Iterator[TimelineEvent]:
    """Name what was done to the traffic on purpose: the only events that do not come from the account."""
    yield TimelineEvent(FAULT_START, "fault", "Injected: a join loses the humidity")
    yield TimelineEvent(FAULT_START + FAULT_DAYS * DAY, "fault", "The join is mended")


def _vetoes(outcome: Outcome) -> list[dict[str, str]]:
    return [message for message in outcome.messages() if is_veto(message)][:1]


def _events(outcome: Outcome) -> list[TimelineEvent]:
    """Return alarms about violations and what was done about them, in order."""
    changes = [change for change in outcome.alarm_changes() if change.alarm.endswith("-violations")]
    alarms = [
        TimelineEvent(one.time, "alarm" if one.state == "ALARM" else "ok", f"{one.alarm}: {one.state}")
        for one in changes
    ]
    followed = [TimelineEvent(one.time, "message", one.text) for one in outcome.news()]
    end = max(event.time for event in (*alarms, *followed, TimelineEvent(LIVE_START, "message", "")))
    faults = [event for event in fault_events() if event.time <= end]
    return sorted((*faults, *alarms, *followed), key=lambda event: event.time)


def _row(event: TimelineEvent) -> str:
    return f'<tr><td>{event.time:%d %b %H:%M}</td><td class="{event.kind}">{escape(event.title)}</td></tr>'


_HEAD = (
    "<tr><th>Model</th><th>How</th><th>Days with data violated</th><th>Days with quality violated</th><th>AUC</th>"
    "<th>Late flights announced</th></tr>"
)


def _model(outcome: Outcome, record: Record) -> str:
    came = "<br>".join(f"{time:%d %b %H:%M} {escape(text)}" for time, text in steps(outcome, record.service))
    auc, recall = (_number(value, form) for value, form in ((record.auc, ".3f"), (record.recall, ".0%")))
    cells = (
        escape(record.service.model),
        came,
        f"{record.violated} of {record.judged}",
        f"{record.missed} of {record.labelled}",
        auc,
        recall,
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _number(value: float | None, form: str) -> str:
    return "no labels yet" if value is None else format(value, form)
