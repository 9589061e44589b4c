"""Section `promotion`: how an approved model comes into service, and what takes it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from infra.config.base import Duration, Image, Like, Name, Problem, S3Prefix, Section, parse_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.config.model import EndpointConfig
    from infra.config.monitors import Monitor

_HOUR_SECONDS = 3600
_MAX_GUARDS = 10
RoleArn = Annotated[str, Like(r"arn:aws[a-z-]*:iam::\d{12}:role/.+", "the ARN of a role")]


class Promotion(Section):
    """A version that is approved in the model registry comes into service by itself."""

    strategy: Literal["canary", "linear", "all-at-once"] = "canary"
    """How the traffic moves. Serverless variants and Inferentia 1 take no other way than all at once."""
    canary_percent: Annotated[int, Field(ge=1, le=50)] = 10
    """`canary`: share of the capacity, and so of the traffic, that tries the new model first."""
    linear_steps: Annotated[int, Field(ge=2, le=10)] = 4
    """`linear`: number of equal steps."""
    wait: Duration = parse_duration("10m")
    """How long each step is watched, at most 1h."""
    bake: Duration = parse_duration("30m")
    """How long the old machines are kept, and the alarms watched, after all traffic has moved; at most 1h."""
    rollback_alarms: bool = True
    """Go back when an alarm rings on the way: errors, latency, monitors. One that rings before is no guard."""
    rollback_monitors: tuple[Name, ...] | None = None
    """Monitors whose violations go back, too. Left out: those of model quality."""
    max_error_share: Annotated[float, Field(ge=0, lt=1)] = 0.01
    """Share of a minute's invocations that may fail with a 5xx before the alarm rings."""
    max_latency_ms: Annotated[int, Field(ge=1)] | None = None
    """Mean latency of the model in a minute above which the alarm rings. Left out: no alarm."""
    allow_older: bool = False
    """Whether approving a version that is older than the one in service promotes it. Else it is refused, and told."""
    variant: Name | None = None
    """Variant that gets the model. Left out: the first of a created endpoint, or that of an endpoint with one."""
    model_package_group: Name | None = None
    """Group whose versions are promoted. Left out: that of `retraining.pipeline: create`."""
    artifacts: tuple[S3Prefix, ...] = ()
    """Where else than in the retraining's outputs the artifacts of the group's versions lie: the role reads there."""
    images: tuple[Image, ...] = ()
    """Images of the group's versions, where they are others than those of the endpoint and of `training.image`."""
    execution_role: RoleArn | None = None
    """Role of an existing endpoint's models; new models get the same. Not for created endpoints."""

    @model_validator(mode="after")
    def _sagemaker_waits_an_hour(self) -> Self:
        for name in ("wait", "bake"):
            if getattr(self, name).total_seconds() > _HOUR_SECONDS:
                raise ValueError(f"`{name}` must not be above 1h: SageMaker waits no longer")
        return self


def guarding(config: EndpointConfig, promotion: Promotion) -> list[Monitor]:
    """Return the monitors whose violations take a deployment back."""
    named = promotion.rollback_monitors
    if not promotion.rollback_alarms:
        return []
    return [
        monitor
        for monitor in config.monitors
        if (monitor.kind == "model-quality" if named is None else monitor.name in named)
    ]


def promotion_problems(config: EndpointConfig) -> Iterator[Problem]:
    """Yield what the section and the others do not agree on."""
    promotion = config.promotion
    if promotion is None:
        return
    if config.endpoint is None:
        yield ("promotion",), "is for endpoints; transform jobs choose their model themselves; remove it"
        return
    yield from _group_problems(config, promotion)
    yield from _variant_problems(config, promotion)
    unknown = set(promotion.rollback_monitors or ()) - {monitor.name for monitor in config.monitors}
    if unknown:
        yield ("promotion", "rollback_monitors"), f"no such monitor: {', '.join(sorted(unknown))}"
    if len(guarding(config, promotion)) > _MAX_GUARDS - 2:
        yield ("promotion", "rollback_monitors"), f"SageMaker watches {_MAX_GUARDS} alarms; name at most 8 monitors"


def _group_problems(config: EndpointConfig, promotion: Promotion) -> Iterator[Problem]:
    creates = config.retraining is not None and config.retraining.training is not None
    if not creates and promotion.model_package_group is None:
        yield ("promotion", "model_package_group"), "missing; name the group, or let `retraining` create one"


def _variant_problems(config: EndpointConfig, promotion: Promotion) -> Iterator[Problem]:
    create = config.created
    if create is None and promotion.execution_role is None:
        yield (
            ("promotion", "execution_role"),
            "missing; name the role of the existing endpoint's models, which new models get",
        )
    if create is not None and promotion.execution_role is not None:
        yield ("promotion", "execution_role"), "is for existing endpoints; the stack makes the role of a created one"
    if create is not None and promotion.variant not in {None, *(variant.name for variant in create.variants)}:
        names = ", ".join(variant.name for variant in create.variants)
        yield ("promotion", "variant"), f"no such variant: {promotion.variant}; the endpoint has {names}"
