"""Section `experiment`: variants that are compared while they serve."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from infra.config.base import Duration, Name, Problem, Section, parse_duration
from infra.config.schedule import ScheduleField, parse_schedule
from monitoring_core.experiments.plan import DERIVED, Guardrail, Metric, Predictions, Rules

if TYPE_CHECKING:
    from infra.config.model import EndpointConfig

_NEEDS: Final[dict[str, tuple[str, ...]]] = {
    "correct": ("prediction", "probability"),
    "squared_error": ("prediction",),
    "absolute_error": ("prediction",),
    "log_loss": ("probability",),
    "brier": ("probability",),
}
"""Of which roles in `schema` a metric needs one."""


class ExperimentMetric(Section):
    """A number per row, whose means are compared."""

    name: str
    """`correct`, `squared_error`, `absolute_error`, `log_loss` or `brier`, which need labels, or a column that holds
    numbers: of the answer, of the request, or the ground truth itself (`schema.label`), e.g. a KPI."""
    better: Literal["higher", "lower"] | None = None
    """Which direction is good; for a column it must be said."""

    @model_validator(mode="after")
    def _direction(self) -> Self:
        known = DERIVED.get(self.name)
        if known is None and self.better is None:
            raise ValueError(f"say with `better` whether a higher or a lower {self.name!r} is good")
        if known is not None and self.better not in {None, known}:
            raise ValueError(f"of {self.name} {known} is better; remove `better`")
        return self

    @property
    def direction(self) -> Literal["higher", "lower"]:
        """Which direction is good."""
        return self.better or DERIVED[self.name]


class ExperimentGuardrail(ExperimentMetric):
    """A metric that must not get worse by more than it may."""

    tolerance: Annotated[float, Field(ge=0)] = 0.0
    """By how much a treatment's mean may be worse than the control's, in its own unit."""


class ExperimentPolicy(Section):
    """What is done about a verdict, beside the event and the message."""

    on_winner: Literal["tell", "ramp"] = "tell"
    """`ramp`: the winner gets the next of `steps`, and must win again there before it gets the one after."""
    steps: Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], Field(min_length=1)] = (1.0,)
    """Shares of the traffic, 0 to 1, rising."""
    step_duration: Duration = parse_duration("1d")
    """How long each share after the first split is kept at least."""
    on_harm: Literal["tell", "stop"] = "tell"
    """`stop`: a treatment that is worse, or breaks a guardrail, gets no more traffic, at any time."""

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if any(first >= second for first, second in pairwise(self.steps)):
            raise ValueError(f"`steps` must rise, got {', '.join(f'{step:g}' for step in self.steps)}")
        return self

    @property
    def acts(self) -> bool:
        """Whether it changes the weights of the endpoint."""
        return self.on_winner == "ramp" or self.on_harm == "stop"


class Experiment(Section):
    """An A/B test or a shadow test of the endpoint's variants."""

    name: Name
    """Names the experiment; a new name begins anew."""
    control: Name
    """The variant that serves today."""
    treatments: tuple[Name, ...] = ()
    """The variants that are held against it. Left out: all others that the stack creates."""
    split: dict[Name, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    """Shares by variant where your callers choose it themselves (`TargetVariant`). Left out: the endpoint splits the
    traffic by its weights."""
    metric: ExperimentMetric
    """What decides."""
    guardrails: tuple[ExperimentGuardrail, ...] = ()
    """What must not get worse."""
    positive_label: str = "1"
    """The positive class."""
    probability_threshold: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """A probability above it predicts the positive class, where `schema.prediction` is left out."""
    schedule: ScheduleField = parse_schedule("daily")
    """How often the variants are compared; looking often costs nothing, every look is valid."""
    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.05
    """Chance that any treatment without effect is ever called better, or worse, over all looks together."""
    min_n: Annotated[int, Field(ge=2)] = 200
    """Values that each variant needs before anything is said."""
    min_duration: Duration = parse_duration("7d")
    """No winner is named before; harm is."""
    max_duration: Duration = parse_duration("28d")
    """Without a difference until then the experiment is over."""
    margin: Annotated[float, Field(ge=0)] = 0.0
    """A difference so small is none: the experiment is over when the interval lies within it."""
    sample_ratio_alpha: Annotated[float, Field(gt=0, lt=1)] = 0.001
    """Chance that a right split of the traffic is ever called wrong."""
    policy: ExperimentPolicy = ExperimentPolicy()
    """What is done about a verdict."""

    @model_validator(mode="after")
    def _durations(self) -> Self:
        if self.min_duration > self.max_duration:
            raise ValueError("`min_duration` must not be above `max_duration`")
        if self.control in self.treatments:
            raise ValueError(f"the control {self.control!r} cannot be a treatment, too")
        return self

    @property
    def metrics(self) -> tuple[ExperimentMetric, ...]:
        """The metric and the guardrails."""
        return (self.metric, *self.guardrails)

    @property
    def rules(self) -> Rules:
        """What is compared and when that may end, as the function reads it."""
        return Rules(
            control=self.control,
            metric=Metric(name=self.metric.name, better=self.metric.direction),
            guardrails=tuple(
                Guardrail(name=one.name, better=one.direction, tolerance=one.tolerance) for one in self.guardrails
            ),
            alpha=self.alpha,
            min_n=self.min_n,
            min_duration=self.min_duration,
            max_duration=self.max_duration,
            margin=self.margin,
            sample_ratio_alpha=self.sample_ratio_alpha,
        )


def label_of(config: EndpointConfig) -> str:
    """Return the name of the label's column in labelled rows."""
    return config.data_schema.label or Predictions().label


def needs_labels(config: EndpointConfig) -> bool:
    """Return whether the experiment, if there is one, waits for the ground truth."""
    names = {one.name for one in config.experiment.metrics} if config.experiment else set()
    return bool(names & {*DERIVED, label_of(config)})


def variants_of(config: EndpointConfig) -> tuple[str, ...]:
    """Return the names of the variants that the stack creates, the shadow variant last."""
    created = config.created
    if created is None:
        return ()
    return tuple(one.name for one in (*created.variants, *((created.shadow,) if created.shadow else ())))


def treatments_of(config: EndpointConfig, experiment: Experiment) -> tuple[str, ...]:
    """Return the variants that are held against the control."""
    return experiment.treatments or tuple(name for name in variants_of(config) if name != experiment.control)


def watched_variant_problems(config: EndpointConfig) -> Iterator[Problem]:
    """Yield monitors of a variant that is not there, or whose runtime cannot tell variants apart."""
    known = variants_of(config)
    for i, monitor in enumerate(config.monitors):
        at = ("monitors", i, "variant")
        if monitor.variant is None:
            continue
        if config.batch_transform or monitor.runtime == "managed":
            what = "transform jobs have no variants" if config.batch_transform else "Model Monitor reads all variants"
            yield at, f"{what}; remove it"
        elif known and monitor.variant not in known:
            yield at, f"the endpoint has the variants {', '.join(known)}, got {monitor.variant!r}"


def experiment_problems(config: EndpointConfig) -> Iterator[Problem]:
    """Yield what the experiment names and the other sections do not have."""
    experiment = config.experiment
    if experiment is None:
        return
    if config.endpoint is None:
        yield ("experiment",), "compares variants of an endpoint; transform jobs have none"
        return
    yield from _variant_problems(config, experiment)
    yield from _policy_problems(config, experiment)
    yield from _metric_problems(config, experiment)


def _variant_problems(config: EndpointConfig, experiment: Experiment) -> Iterator[Problem]:
    known, treatments = variants_of(config), treatments_of(config, experiment)
    if not treatments:
        yield ("experiment", "treatments"), "missing; name the variants that are held against the control"
    for place, names in (("control", (experiment.control,)), ("treatments", treatments)):
        for name in names:
            if known and name not in known:
                yield ("experiment", place), f"the endpoint has the variants {', '.join(known)}, got {name!r}"
    everyone = {experiment.control, *treatments}
    if experiment.split and set(experiment.split) != everyone:
        yield (
            ("experiment", "split"),
            f"must name {', '.join(sorted(everyone))}, got {', '.join(sorted(experiment.split))}",
        )


def _policy_problems(config: EndpointConfig, experiment: Experiment) -> Iterator[Problem]:
    """Yield policies that could change nothing."""
    if not experiment.policy.acts:
        return
    shadow = config.created.shadow if config.created else None
    if experiment.split:
        yield ("experiment", "policy"), "your callers choose the variant, so weights change nothing; use `tell`"
    elif shadow and shadow.name in treatments_of(config, experiment):
        yield ("experiment", "policy"), "a shadow variant answers nobody, so weights change nothing; use `tell`"


def _metric_problems(config: EndpointConfig, experiment: Experiment) -> Iterator[Problem]:
    schema, columns = config.data_schema, config.columns
    known = (*columns.outputs, *columns.features)
    for i, metric in enumerate(experiment.metrics):
        at = ("experiment", "metric", "name") if i == 0 else ("experiment", "guardrails", i - 1, "name")
        needed = _NEEDS.get(metric.name, ())
        if needed and not any(getattr(schema, role) for role in needed):
            yield at, f"{metric.name} needs {' or '.join(f'`schema.{role}`' for role in needed)}"
        if not needed and known and metric.name not in {*known, label_of(config)}:
            yield at, f"there is no column {metric.name!r}; known: {', '.join(known)}, {label_of(config)}"
