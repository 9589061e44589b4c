"""What the function is told: one experiment of one endpoint, as its schedule carries it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from functions.common.contract import Name, Prefix, Utc
from functions.common.grid import Grid
from monitoring_core.experiments.plan import Experiment, Predictions, Rules
from monitoring_core.spec import Frozen, SchemaSpec
from monitoring_core.window import Window


class Policy(Frozen):
    """What is done about a verdict beside telling people.

    Attributes
    ----------
    steps : tuple of float
        Shares of the traffic that a winner gets, one after the other.
    step_duration : timedelta
        It must win again before it gets the next share, and not sooner than this.
    """

    on_winner: Literal["tell", "ramp"] = "tell"
    steps: tuple[Annotated[float, Field(gt=0, le=1)], ...] = (1.0,)
    step_duration: timedelta = timedelta(days=1)
    on_harm: Literal["tell", "stop"] = "tell"


class ExperimentSpec(Frozen):
    """One experiment.

    Attributes
    ----------
    period_seconds, offset_seconds, lag_seconds, ground_truth_prefixes
        As in `RunSpec`; without prefixes no metric needs a label.
    treatments : tuple of str
        Variants that are held against `rules.control`.
    split : dict of str to float
        Shares where callers choose the variant themselves (``TargetVariant``); empty: the weights of the endpoint.
    """

    endpoint: Name
    name: Name
    bucket: str
    capture_prefix: Prefix
    period_seconds: Annotated[int, Field(gt=0)]
    offset_seconds: Annotated[int, Field(ge=0)] = 0
    lag_seconds: Annotated[int, Field(ge=0)] = 0
    ground_truth_prefixes: tuple[Prefix, ...] = ()
    columns: SchemaSpec = SchemaSpec()
    predictions: Predictions = Predictions()
    rules: Rules
    treatments: Annotated[tuple[str, ...], Field(min_length=1)]
    split: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    policy: Policy = Policy()

    @model_validator(mode="after")
    def _split_names_all(self) -> Self:
        if self.split and set(self.split) != set(self.variants):
            raise ValueError(f"`split` must name {', '.join(self.variants)}, got {', '.join(self.split)}")
        return self

    @property
    def variants(self) -> tuple[str, ...]:
        """Control and treatments."""
        return (self.rules.control, *self.treatments)

    @property
    def prefix(self) -> str:
        """Where all of the experiment is kept."""
        return f"s3://{self.bucket}/experiments/{self.endpoint}/{self.name}/"

    @property
    def grid(self) -> Grid:
        """The windows of the schedule."""
        return Grid(timedelta(seconds=self.period_seconds), timedelta(seconds=self.offset_seconds))

    def due(self, scheduled: datetime) -> Window:
        """Return the last window whose labels have had their time."""
        return self.grid.ending_by(self.grid.ending_by(scheduled).end - timedelta(seconds=self.lag_seconds))

    def labels_until(self, window: Window) -> datetime:
        """Return the moment until which labels of a window count: the first end of a window by which they have come."""
        return self.grid.ending_from(window.end + timedelta(seconds=self.lag_seconds)).end

    def experiment(self, weights: dict[str, float], stage: int) -> Experiment:
        """Return what is compared in a stage; after the first it lasts `policy.step_duration` at least."""
        rules = dict(self.rules)
        if stage > 1:
            least = self.policy.step_duration
            rules |= {"min_duration": least, "max_duration": max(least, self.rules.max_duration)}
        return Experiment(**rules, weights=weights)


class ExperimentInput(Frozen):
    """Input of the function."""

    experiment: ExperimentSpec
    scheduled_time: Utc
