"""From what is known to the next step: pure, so that every case can be tried."""

from __future__ import annotations

from datetime import datetime

from functions.experiment.live import Live, is_same_split
from functions.experiment.log import Step
from functions.experiment.spec import ExperimentSpec, Policy
from functions.experiment.standing import Standing, shares, told_shares
from monitoring_core.errors import ConfigError
from monitoring_core.experiments.verdict import Outcome, Verdict


def first_step(spec: ExperimentSpec, live: Live, at: datetime) -> Step:
    """Return the step that begins an experiment with the traffic split as it is.

    Raises
    ------
    ConfigError
        If the endpoint does not have one of the variants, or gives one no traffic.
    """
    weights = dict(live.weights)
    if missing := [name for name in spec.variants if name not in weights]:
        raise ConfigError(
            f"the endpoint {spec.endpoint} has no variant {', '.join(missing)}; correct `experiment.control` and "
            "`experiment.treatments`, or deploy it"
        )
    if silent := [name for name, weight in weights.items() if weight <= 0]:
        raise ConfigError(
            f"the variants {', '.join(silent)} of {spec.endpoint} have weight 0 and get no traffic: there is "
            "nothing to compare; give each a `weight` above 0, or `experiment.split` where callers name the variant"
        )
    standing = Standing(
        endpoint=spec.endpoint, experiment=spec.name, weights=weights, report=f"{spec.prefix}report.html"
    )
    return Step(number=1, at=at, previous=weights, config_name=live.config_name, standing=standing)


def disturbance(step: Step, live: Live) -> str:
    """Return what somebody else has changed, so that nothing can be compared any more; empty where nothing."""
    if live.config_name != step.config_name:
        return (
            f"the endpoint got another configuration ({live.config_name} after {step.config_name}): the variants may "
            "be other models; give the experiment another `name` to begin anew"
        )
    if not is_same_split(live.weights, step.weights):
        return (
            f"somebody else changed the weights ({told_shares(live.weights)} after {told_shares(step.weights)}); "
            "give the experiment another `name` to begin anew"
        )
    return ""


def invalid(step: Step, now: Standing, reason: str, at: datetime) -> Step:
    """Return the step that ends an experiment which cannot say anything; the traffic stays as it is."""
    told = {"outcome": Outcome.INVALID, "reason": reason, "winner": None, "is_over": True}
    return _following(step, now.model_copy(update=told), step.stage, at)


def next_step(policy: Policy, step: Step, control: str, now: Standing, verdict: Verdict, at: datetime) -> Step | None:
    """Return the step that a verdict asks for; None where nothing new is known.

    A winner that is ramped begins a new stage, in which nothing that was seen before counts: later stages are reached
    by winners only, so a treatment without effect is called better with the chance of the first stage at most.

    Parameters
    ----------
    now : Standing
        With the numbers of the verdict.
    """
    if verdict.outcome is Outcome.RUNNING and not verdict.stopped:
        return None
    weights, stage = dict(step.weights), step.stage
    if policy.on_harm == "stop":
        weights |= dict.fromkeys(verdict.stopped, 0.0)
    share = next_share(policy, step, verdict.winner)
    if verdict.winner is not None and share is not None:
        weights, stage = _ramped(step, control, verdict.winner, share), step.stage + 1
    goes_on = verdict.outcome is Outcome.RUNNING or (share is not None and share < 1)
    told = {"harmful": (*step.standing.harmful, *verdict.stopped), "weights": weights, "is_over": not goes_on}
    return _following(step, now.model_copy(update=told), stage, at)


def _following(step: Step, standing: Standing, stage: int, at: datetime) -> Step:
    return Step(
        number=step.number + 1,
        at=at,
        stage=stage,
        previous=step.weights,
        config_name=step.config_name,
        standing=standing,
    )


def next_share(policy: Policy, step: Step, winner: str | None) -> float | None:
    """Return the share of the traffic that a winner gets now; None where it keeps what it has."""
    if winner is None or policy.on_winner == "tell":
        return None
    now = shares(step.weights)[winner]
    return next((share for share in policy.steps if share > now), None)


def _ramped(step: Step, control: str, winner: str, share: float) -> dict[str, float]:
    """Return the weights with which a winner and the control share the traffic of all; their sum stays."""
    total = sum(step.weights.values())
    return {**dict.fromkeys(step.weights, 0.0), control: total * (1 - share), winner: total * share}
