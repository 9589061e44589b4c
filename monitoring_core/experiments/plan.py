"""What an experiment compares, and when it may end."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from monitoring_core.spec.base import Frozen

DERIVED: Final[dict[str, Literal["higher", "lower"]]] = {
    "correct": "higher",
    "squared_error": "lower",
    "absolute_error": "lower",
    "log_loss": "lower",
    "brier": "lower",
}
"""Metrics that follow from prediction and label, and which direction is good."""


class Predictions(Frozen):
    """Where the prediction of a row is, and what came true: columns of labelled rows."""

    label: str = "ground_truth"
    prediction: str | None = None
    """Predicted class or number."""
    probability: str | None = None
    """Of the positive class."""
    positive_label: str = "1"
    threshold: float = 0.5
    """A probability above it predicts the positive class, where there is no prediction."""


class Metric(Frozen):
    """A number per event whose mean is compared: a KPI, a loss, whether a prediction was right."""

    name: str
    better: Literal["higher", "lower"] = "higher"
    """Which direction is good."""

    @property
    def sign(self) -> int:
        """1 where higher is better, else -1."""
        return 1 if self.better == "higher" else -1


class Guardrail(Metric):
    """A metric that must not get worse by more than it may."""

    tolerance: Annotated[float, Field(ge=0)] = 0.0
    """By how much the mean may be worse than the control's, in its own unit."""


class Rules(Frozen):
    """What is compared and when that may end, however the traffic is split.

    Attributes
    ----------
    control : str
        The variant that serves today.
    alpha : float
        Chance that any treatment without effect is ever called better, or worse, over all looks together.
    min_n : int
        Observations that each arm needs before anything is said.
    min_duration, max_duration : timedelta
        Earliest and latest end.
    margin : float
        A difference so small is none: the experiment ends without a winner when the interval lies within it.
    sample_ratio_alpha : float
        Chance that a right split is ever called wrong.
    """

    control: str
    metric: Metric
    guardrails: tuple[Guardrail, ...] = ()
    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.05
    min_n: Annotated[int, Field(ge=2)] = 200
    min_duration: timedelta = timedelta(days=7)
    max_duration: timedelta = timedelta(days=28)
    margin: Annotated[float, Field(ge=0)] = 0.0
    sample_ratio_alpha: Annotated[float, Field(gt=0, lt=1)] = 0.001

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min_duration > self.max_duration:
            raise ValueError(
                f"`min_duration` must not be above `max_duration`, got {self.min_duration} and {self.max_duration}"
            )
        return self

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metric, and the guardrails."""
        return (self.metric, *self.guardrails)


class Experiment(Rules):
    """One comparison of variants.

    Attributes
    ----------
    weights : dict of str to float
        Of all variants, as the endpoint splits its traffic; a shadow variant has that of its sampling.
    """

    weights: dict[str, Annotated[float, Field(gt=0)]]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.control not in self.weights or len(self.weights) < 2:  # noqa: PLR2004 - a control and a treatment
            raise ValueError(
                f"`weights` must name the control {self.control!r} and at least one other variant, "
                f"got {', '.join(self.weights) or 'none'}"
            )
        return self

    @property
    def treatments(self) -> tuple[str, ...]:
        """The variants that are held against the control."""
        return tuple(name for name in self.weights if name != self.control)

    def weights_of(self, variants: Collection[str]) -> dict[str, float]:
        """Return the weights of some variants."""
        return {name: weight for name, weight in self.weights.items() if name in variants}
