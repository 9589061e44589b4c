"""How an experiment stands: what its event, its message, its page and the command line tell."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field

from functions.common.contract import Utc
from monitoring_core.experiments.looks import Look
from monitoring_core.experiments.verdict import Comparison, Outcome
from monitoring_core.spec import Frozen


class Compared(Frozen):
    """One metric of one treatment against the control; numbers are None while there are too few values."""

    treatment: str
    metric: str
    estimate: float | None
    low: float | None
    high: float | None
    p_value: float | None
    n_treatment: int
    n_control: int

    @classmethod
    def of(cls, one: Comparison) -> Self:
        """Take over a comparison."""
        return cls(
            treatment=one.treatment,
            metric=one.metric,
            estimate=_known(one.estimate),
            low=_known(one.low),
            high=_known(one.high),
            p_value=_known(one.p_value),
            n_treatment=one.n_treatment,
            n_control=one.n_control,
        )


class Standing(Frozen):
    """`status.json`, and the detail of the event ``Experiment Verdict``.

    Attributes
    ----------
    winner : str or None
        The treatment that is to serve.
    harmful : tuple of str
        Treatments found worse, or outside a guardrail, so far; they are judged no more.
    is_over : bool
        Whether nothing is compared any more.
    stage : int
        The stage that the numbers are of: a time of constant weights.
    since : datetime or None
        Begin of the stage; None before it has begun.
    until : datetime or None
        End of the last window that was read.
    weights : dict of str to float
        Of the experiment's variants, as they are to be now.
    events : dict of str to int
        What each variant has served in the stage.
    """

    version: Literal["1"] = "1"
    endpoint: str
    experiment: str
    outcome: Outcome = Outcome.RUNNING
    reason: str = ""
    winner: str | None = None
    harmful: tuple[str, ...] = ()
    is_over: bool = False
    stage: int = 1
    since: Utc | None = None
    until: Utc | None = None
    weights: dict[str, float]
    events: dict[str, int] = Field(default_factory=dict)
    sample_ratio_p_value: float | None = None
    comparisons: tuple[Compared, ...] = ()
    report: str

    def after(self, look: Look) -> Standing:
        """Return it with what a look has shown; what to do about it is for the policy to say."""
        verdict = look.verdict
        return self.model_copy(
            update={
                "outcome": verdict.outcome,
                "reason": verdict.reason,
                "winner": verdict.winner,
                "until": look.time,
                "events": {name: arm.events for name, arm in look.arms.items()},
                "sample_ratio_p_value": _known(verdict.sample_ratio_p_value),
                "comparisons": tuple(Compared.of(one) for one in verdict.comparisons),
            }
        )

    def beginning(self, stage: int, since: Utc) -> Standing:
        """Return how it stands at the begin of a stage: nothing is known of it."""
        return Standing(
            endpoint=self.endpoint,
            experiment=self.experiment,
            harmful=self.harmful,
            stage=stage,
            since=since,
            weights=self.weights,
            report=self.report,
        )


def shares(weights: Mapping[str, float]) -> dict[str, float]:
    """Return the share of each variant.

    Examples
    --------
    >>> shares({"A": 3, "B": 1})
    {'A': 0.75, 'B': 0.25}
    """
    total = sum(weights.values())
    return {name: weight / total if total else 0.0 for name, weight in weights.items()}


def told_shares(weights: Mapping[str, float]) -> str:
    """Write how the traffic is split.

    Examples
    --------
    >>> told_shares({"A": 3, "B": 1})
    'A 75 %, B 25 %'
    """
    return ", ".join(f"{name} {share * 100:.3g} %" for name, share in shares(weights).items())


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
