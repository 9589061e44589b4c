"""What a step asks for: weights, an event, a message. Each is done, then marked; what is not marked is done again."""

from __future__ import annotations

from typing import Final

from functions.common.clients import client
from functions.common.contract import EVENT_SOURCE
from functions.common.message import Audience, Message, Routing, Severity
from functions.experiment.live import is_same_split, read_live, set_weights
from functions.experiment.log import TOLD, WEIGHTS_SET, Step, StepLog
from functions.experiment.settings import ExperimentSettings
from functions.experiment.spec import ExperimentSpec
from functions.experiment.standing import told_shares
from monitoring_core.errors import WatchkeeperError
from monitoring_core.experiments.verdict import Outcome

DETAIL_TYPE: Final = "Experiment Verdict"


class EventNotAcceptedError(WatchkeeperError):
    """EventBridge answered, but did not take the event."""


def split_traffic(spec: ExperimentSpec, step: Step, log: StepLog) -> bool:
    """Give the variants the weights that a step asks for, unless that is done; return whether they are in force.

    SageMaker is asked only while the endpoint is as the step found it, so a late second run never undoes what came
    after. What somebody else has made of it meanwhile stays, and the next look says so.
    """
    if not step.changes_weights or log.is_marked(step, WEIGHTS_SET):
        return True
    live = read_live(spec)
    as_found = live.config_name == step.config_name and is_same_split(live.weights, step.previous)
    if live.is_in_service and as_found:
        set_weights(spec.endpoint, step.weights)
        live = read_live(spec)
    if not live.is_in_service:
        return False
    in_force = is_same_split(live.weights, step.weights)
    log.mark(step, WEIGHTS_SET, "in force" if in_force else "left, for somebody else has changed the endpoint")
    return True


def tell(spec: ExperimentSpec, step: Step, log: StepLog, settings: ExperimentSettings) -> None:
    """Put the event and send the message of a step, unless that is done."""
    if step.number == 1 or log.is_marked(step, TOLD):
        return
    put_event(step)
    log.mark(step, TOLD, compose(spec, step, settings).send(settings.topic_arn))


def put_event(step: Step) -> None:
    """Put one event; its time is that of the run which decided.

    Raises
    ------
    EventNotAcceptedError
        If EventBridge refuses it.
    """
    entry = {
        "Source": EVENT_SOURCE,
        "DetailType": DETAIL_TYPE,
        "Time": step.at,
        "Detail": step.standing.model_dump_json(),
    }
    answer = client("events").put_events(Entries=[entry])
    if answer["FailedEntryCount"]:
        refused = answer["Entries"][0]
        raise EventNotAcceptedError(
            f"EventBridge did not take the verdict of {step.standing.experiment}: {refused.get('ErrorCode')}: "
            f"{refused.get('ErrorMessage')}; the next run puts it again"
        )


_HEADLINES: Final = {
    Outcome.CONTROL: "no treatment is better",
    Outcome.NO_DIFFERENCE: "no difference",
    Outcome.INVALID: "invalid",
}


def compose(spec: ExperimentSpec, step: Step, settings: ExperimentSettings) -> Message:
    """Return the message about a step."""
    standing = step.standing
    harmed = f"{', '.join(standing.harmful)} does harm"
    said = f"{standing.winner} is better" if standing.winner else _HEADLINES.get(standing.outcome, harmed)
    headline = f"{spec.endpoint}: experiment {spec.name}: {said}"
    facts = {
        "Why": standing.reason,
        "Traffic": _traffic(spec, step),
        "Stage": str(standing.stage),
        "Window": f"until {standing.until:%Y-%m-%d %H:%M} UTC" if standing.until else "",
        "Next": "the experiment is over" if standing.is_over else "the experiment goes on",
        "Report": standing.report,
    }
    lines = [f"{headline}.", "", *(f"{name + ':':<9} {text}" for name, text in facts.items() if text)]
    routing = Routing(
        spec.endpoint,
        (Audience.DATA_SCIENCE, Audience.BUSINESS),
        Severity.WARNING if standing.harmful or standing.outcome is Outcome.INVALID else Severity.INFO,
        thread=f"{spec.endpoint}/experiment/{spec.name}",
    )
    return Message.of(headline, [*lines, "", f"What to do: {settings.runbook_url}#experiment"], routing)


def _traffic(spec: ExperimentSpec, step: Step) -> str:
    if spec.split:
        return f"{told_shares(step.weights)}, as its callers choose"
    return f"{told_shares(step.weights)}, {'changed by policy' if step.changes_weights else 'unchanged'}"
