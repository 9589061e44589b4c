"""The message about a decision; no input or output here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from functions.common.contract import Manifest
from functions.common.message import Audience, Message, Routing, Severity
from functions.retrain.decision import Verdict
from functions.retrain.incidents import Incident

_HEADLINES: Final = {
    Verdict.STARTED: "retraining started",
    Verdict.DRY_RUN: "dry run: retraining would start",
    Verdict.VETOED: "no retraining: it would not help",
    Verdict.TOO_FEW_LABELS: "no retraining yet: too few labels",
    Verdict.COOLDOWN: "no retraining: cooldown",
    Verdict.IN_FLIGHT: "no retraining: one is running",
    Verdict.NO_PROGRESS: "no retraining: the last ones brought nothing",
    Verdict.OVER_BUDGET: "no retraining: the month's budget is spent",
}
_DONE: Final = {
    Verdict.STARTED: "the retraining pipeline was started; its end is told",
    Verdict.IN_FLIGHT: "nothing more was started; the end of the one that runs is told",
}
_NEEDED: Final = {
    Verdict.VETOED: "mend the data where they are made; a model trained on them would learn the fault",
    Verdict.TOO_FEW_LABELS: "deliver labels, or wait until there are more",
    Verdict.NO_PROGRESS: "find out what the new models lack, then start a retraining by hand",
    Verdict.OVER_BUDGET: "raise the budget, or wait for the next month",
}
_AUDIENCES: Final = (Audience.ENGINEERING, Audience.DATA_SCIENCE)
_AGAIN: Final = (
    "It is decided again while the alarm lasts; a message comes when one starts, or when a person is needed."
)


def compose(incident: Incident, run: Manifest | None) -> Message:
    """Write the message about a decided incident, with the run behind it if there is one."""
    verdict = incident.decision or Verdict.STARTED
    headline = _HEADLINES[verdict]
    lines = [
        f"Endpoint {incident.endpoint}: {headline}.",
        "",
        f"Why:       {incident.reason}",
        f"Cause:     {incident.cause}",
        f"Done:      {_DONE.get(verdict, 'nothing was started; what serves has not changed')}",
    ]
    if verdict in _NEEDED:
        lines.append(f"Needed:    {_NEEDED[verdict]}")
    lines.append(f"Incident:  {incident.incident_id}")
    if incident.opened_at is not None:
        lines.append(f"Since:     {incident.opened_at:%Y-%m-%d %H:%M:%S} UTC")
    if incident.execution_arn is not None:
        lines += [f"Execution: {incident.execution_arn}", f"Evidence:  {incident.evidence_uri}"]
    if run is not None:
        lines += [f"Run:       {run.run_id}, {run.status}", *_how_much(run), f"Report:    {run.report or 'none'}"]
        if run.diagnosis is not None and run.diagnosis.sentence:
            lines.append(f"Likely:    {run.diagnosis.sentence}")
    if incident.is_waiting:
        lines += ["", _AGAIN]
    severity = Severity.WARNING if verdict.needs_a_person else Severity.INFO
    thread = incident.incident_id.partition("@")[0]
    return Message.of(
        f"{incident.endpoint}: {headline}", lines, Routing(incident.endpoint, _AUDIENCES, severity, thread)
    )


def _how_much(run: Manifest) -> Iterator[str]:
    if run.violations is not None:
        rows = "" if run.rows is None else f" in {run.rows:,} rows"
        yield f"Found:     {run.violations} violation{'' if run.violations == 1 else 's'}{rows}"
    if run.worst and run.worst[0].value is not None and run.worst[0].limit is not None:
        worst = run.worst[0]
        yield f"Worst:     {worst.name}: {worst.value:.4g} against a limit of {worst.limit:.4g}"
