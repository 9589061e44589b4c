"""The message about an alarm, made from the event and the latest run; no input or output here."""

from __future__ import annotations

from collections.abc import Iterator

from functions.common.alarm_event import AlarmState, AlarmStateChange, State
from functions.common.contract import Manifest, Status, WorstFeature
from functions.common.message import Message, Routing
from functions.notify.routing import routing_of_alarm
from functions.notify.settings import NotifySettings, Retraining

_SYMPTOMS = {
    "violations": "the limits of the baseline are violated",
    "heartbeat": "no run has finished lately: nobody is watching",
    "failed": "a run ended in an error",
    "quarantined": "records could not be read",
}
_DONE = {
    "heartbeat": "Nothing starts by itself.",
    "failed": "The execution waits in the dead-letter queue, too: the alarm on that queue rings for the same cause.",
    "quarantined": "They are set aside, with reasons, in quarantine.jsonl beside the report; the others were analysed.",
}
_RETRAINING = {
    Retraining.AUTOMATIC: "Retraining is being decided; a second message says what was done.",
    Retraining.DRY_RUN: "Retraining is in dry-run mode: a second message says what would be done; nothing is started.",
    Retraining.OFF: "Retraining is off: nothing starts by itself.",
}
_LIKELY = {
    "violations": "not known; the report shows what has changed",
    "heartbeat": "runs are not started, or end before they are published: see the dead-letter alarm",
    "failed": "what the run's own reason says, above",
    "quarantined": "callers send another format than before",
}
"""The likely cause of each kind of alarm, where the run has no diagnosis."""


def compose(change: AlarmStateChange, run: Manifest | None, settings: NotifySettings) -> Message:
    """Write the message about a change of an alarm, with the latest run of its schedule if there is one."""
    if change.detail.state.value is not AlarmState.ALARM:
        return _left_alarm(change, run, settings)
    kind, alarm = alarm_kind(change.detail.alarm_name), change.detail
    if kind == "heartbeat" and alarm.is_new:
        return _waiting(change, settings)
    what = _SYMPTOMS.get(kind, "an alarm was raised")
    if run is not None and run.status is Status.COMPLETED_WITH_VIOLATIONS and kind == "violations":
        what = _found(run)
    about = _about(change, settings)
    return Message.of(
        f"ALARM {about}: {what}",
        [
            f"{about}: {what}.",
            "",
            f"Since:    {_moment(alarm.state)}",
            f"Alarm:    {alarm.alarm_name}",
            f"Because:  {alarm.state.reason}",
            *_about_run(run),
            "",
            *_likely(kind, run),
            *_done(kind, settings.retraining),
            f"What to do: {settings.runbook_url}#{kind}",
        ],
        _routing(change, settings),
    )


def alarm_kind(alarm_name: str) -> str:
    """Return the last word of an alarm's name, which says what it watches.

    Examples
    --------
    >>> alarm_kind("flights-prod-data-quality-violations")
    'violations'
    """
    return alarm_name.rpartition("-")[2]


def _about(change: AlarmStateChange, settings: NotifySettings) -> str:
    """Return endpoint and monitor: ``flights-prod model-quality``; the endpoint where the alarm is of no monitor."""
    name = change.detail.alarm_name
    monitor = name.removesuffix(f"-{alarm_kind(name)}").removeprefix(settings.endpoint).removeprefix("-")
    return f"{settings.endpoint} {monitor}".rstrip()


def _found(run: Manifest) -> str:
    """Return how much was violated, and the worst: ``2 violations, worst auc 0.61 (limit 0.66)``."""
    count = _count(run.violations)
    if not run.worst:
        return count
    worst = run.worst[0]
    measured = worst.value is not None and worst.limit is not None
    numbers = f" {worst.value:.3g} (limit {worst.limit:.3g})" if measured else ""
    return f"{count}, worst {worst.name}{numbers}"


def _likely(kind: str, run: Manifest | None) -> Iterator[str]:
    """Say the likely cause: as the run was diagnosed, else what such an alarm usually means."""
    diagnosed = run.diagnosis.sentence if kind == "violations" and run is not None and run.diagnosis else ""
    if cause := diagnosed or _LIKELY.get(kind, ""):
        yield f"Likely:   {cause}"


def _done(kind: str, retraining: Retraining) -> Iterator[str]:
    """Say what was done about it."""
    done = {**_DONE, "violations": _RETRAINING[retraining]}
    if kind in done:
        yield f"Done:     {done[kind]}"


def _routing(change: AlarmStateChange, settings: NotifySettings) -> Routing:
    monitor_kind = settings.monitors.get(change.schedule or "", "")
    return routing_of_alarm(change, alarm_kind(change.detail.alarm_name), monitor_kind, settings.endpoint)


def _left_alarm(change: AlarmStateChange, run: Manifest | None, settings: NotifySettings) -> Message:
    alarm = change.detail
    now = "back to OK" if alarm.state.value is AlarmState.OK else "not evaluated any more: too little data"
    before = alarm.previous_state
    since = [f"Before:   {before.value} since {_moment(before)}"] if before is not None else []
    about = _about(change, settings)
    return Message.of(
        f"{alarm.state.value} {about}: {alarm_kind(alarm.alarm_name)} alarm is {now}",
        [
            f"{about}: the alarm {alarm.alarm_name} is {now}.",
            "",
            f"Since:    {_moment(alarm.state)}",
            *since,
            f"Because:  {alarm.state.reason}",
            *_about_run(run),
            "",
            f"About this alarm: {settings.runbook_url}#{alarm_kind(alarm.alarm_name)}",
        ],
        _routing(change, settings),
    )


def _waiting(change: AlarmStateChange, settings: NotifySettings) -> Message:
    """Greet the team: a heartbeat alarm that was just created is in ALARM until the first run has finished."""
    about = _about(change, settings)
    return Message.of(
        f"READY {about}: monitoring is deployed and waits for its first run",
        [
            f"{about}: monitoring is deployed and waits for its first run.",
            "",
            f"Since:    {_moment(change.detail.state)}",
            f"Alarm:    {change.detail.alarm_name}",
            "The alarm stays in ALARM until the first run has finished; a message will say so.",
            "",
            f"If it does not come: {settings.runbook_url}#heartbeat",
        ],
        _routing(change, settings),
    )


def _about_run(run: Manifest | None) -> Iterator[str]:
    if run is None:
        yield "Last run: none found"
        return
    yield f"Last run: {run.run_id}, {run.status}"
    yield f"Window:   {run.window.start:%Y-%m-%d %H:%M} to {run.window.end:%Y-%m-%d %H:%M} UTC"
    if run.rows is not None:
        yield f"Rows:     {run.rows:,} analysed, {_number(run.quarantined)} unreadable, {_count(run.violations)}"
    if run.reason:
        yield f"Reason:   {run.reason}"
    if run.worst:
        yield ""
        yield "Worst first:"
        yield from (f"  - {describe(worst)}" for worst in run.worst)
    if run.report is not None:
        yield ""
        yield f"Report:   {run.report}"


def describe(worst: WorstFeature) -> str:
    """Return one violated check as a line: what was measured, value against limit, check.

    Examples
    --------
    >>> describe(WorstFeature(feature="temp", check="baseline_drift_check", value=0.91, limit=0.65, description=""))
    'temp: 0.91 against a limit of 0.65 (baseline_drift_check)'
    """
    if worst.value is None or worst.limit is None:
        return f"{worst.name}: {worst.description} ({worst.check})"
    return f"{worst.name}: {worst.value:.4g} against a limit of {worst.limit:.4g} ({worst.check})"


def _count(violations: int | None) -> str:
    if violations is None:
        return "violations unknown"
    return f"{violations} violation{'' if violations == 1 else 's'}"


def _number(value: int | None) -> str:
    return "unknown" if value is None else f"{value:,}"


def _moment(state: State) -> str:
    return f"{state.since:%Y-%m-%d %H:%M:%S} UTC"
