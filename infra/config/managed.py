"""What Model Monitor and Clarify cannot do as the configuration says; such a setting is refused, never ignored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from infra.config.base import Location, Problem
from infra.config.monitors import (
    DataQualityMonitor,
    ModelBiasMonitor,
    ModelExplainabilityMonitor,
    ModelQualityMonitor,
    Monitor,
)

if TYPE_CHECKING:
    from infra.config.model import EndpointConfig

OURS: Final = "or use `runtime: auto`"
_ALERT_LIMIT: Final = 100
_RUNTIME: Final = ("runtime", "managed")
_CLARIFY_NDCG: Final = 0.9
_OWN_BIAS_METRICS: Final = ("average_odds_difference", "equal_opportunity_difference", "equalized_odds_difference")
_QUALITY_METRICS: Final = {
    "binary-classification": (
        *("recall", "precision", "accuracy", "true_positive_rate", "true_negative_rate", "false_positive_rate"),
        *("false_negative_rate", "auc", "f1", "f2"),
    ),
    "multiclass-classification": (
        *("accuracy", "weighted_recall", "weighted_precision", "weighted_f0_5", "weighted_f1", "weighted_f2"),
    ),
    "regression": ("mae", "mse", "rmse", "r2"),
}
"""What Amazon's analyzer holds against its limits, by problem; ``f0_5`` is never reported (contract 5.4)."""


def managed_problems(config: EndpointConfig) -> Iterator[Problem]:
    """Yield the settings that Amazon's analyzers or schedules would not honour."""
    monitors = [monitor for monitor in config.monitors if monitor.runtime == "managed"]
    if not monitors:
        if "managed" in config.runtime.model_fields_set:
            yield _RUNTIME, "has no effect: no monitor has `runtime: managed`; remove it, or change one"
        return
    yield from _runtime_problems(config, monitors)
    for i, monitor in enumerate(config.monitors):
        if monitor.runtime == "managed":
            at = ("monitors", i)
            yield from (*_schedule(config, monitor, at), *_everywhere(config, monitor, at), *_kind(config, monitor, at))


def _runtime_problems(config: EndpointConfig, monitors: Sequence[Monitor]) -> Iterator[Problem]:
    """Yield settings of the runtime that no monitor needs, and what they lack."""
    managed, kinds = config.runtime.managed, {monitor.kind for monitor in monitors}
    for name, needed in (
        ("record_preprocessor", {"data-quality", "model-quality"}),
        ("post_analytics_processor", {"data-quality", "model-quality"}),
        ("attributes", {"model-quality", "model-bias", "model-explainability"}),
        ("shadow_endpoint", {"model-explainability"}),
    ):
        if name in managed.model_fields_set and not kinds & needed:
            yield (*_RUNTIME, name), f"is for managed monitors of {' or '.join(sorted(needed))}; add one, or remove it"
    if managed.image == "ours" and config.runtime.processing is None:
        yield (
            (*_RUNTIME, "image"),
            "'ours' is the image of `runtime.processing`; add that section, e.g. with `image: codebuild`",
        )
    late = config.ground_truth.final_after
    labelled = [monitor for monitor in config.monitors if monitor.needs_labels]
    if late and labelled and all(monitor.runtime == "managed" for monitor in labelled):
        yield (
            ("ground_truth", "final_after"),
            f"has no effect: Model Monitor looks at the labels of a window once; give a longer `lag`, {OURS}",
        )


def _schedule(config: EndpointConfig, monitor: Monitor, at: Location) -> Iterator[Problem]:
    """Yield what hinders the schedule: Model Monitor fires at whole hours, a job must be over before the next."""
    schedule, jobs = monitor.schedule, 2 if monitor.needs_labels else 1
    longest = jobs * config.runtime.managed.timeout_seconds
    if schedule.managed_expression is None:
        allowed = "hourly, daily, every N hours, or cron(0 H ? * * *) or cron(0 H/N ? * * *)"
        yield (*at, "schedule"), f"{schedule.text!r} cannot be scheduled by Model Monitor; allowed: {allowed}; {OURS}"
    elif longest > schedule.period_seconds:
        both = ", and merging the labels is a job of its own" if monitor.needs_labels else ""
        yield (
            (*_RUNTIME, "timeout_seconds"),
            (
                f"a job of Model Monitor may not run longer than the time to the next{both}, got "
                f"{config.runtime.managed.timeout_seconds} for {schedule.text} ({monitor.name}); "
                f"allowed: up to {schedule.period_seconds // jobs}"
            ),
        )
    if config.alarm_rule(monitor).evaluation_periods > _ALERT_LIMIT:
        yield (
            (*at, "alarm", "evaluation_periods") if monitor.alarm else ("alarms", "evaluation_periods"),
            f"the alert of a Model Monitor schedule looks at {_ALERT_LIMIT} executions at most ({monitor.name})",
        )


def _everywhere(config: EndpointConfig, monitor: Monitor, at: Location) -> Iterator[Problem]:
    """Yield what none of Amazon's analyzers does."""
    if monitor.segments:
        yield (*at, "segments"), f"Amazon's analyzers do not slice the rows; remove it, {OURS}"
    if "min_rows" in monitor.model_fields_set:
        yield (*at, "min_rows"), f"Amazon's analyzers judge windows of any size; remove it, {OURS}"
    if monitor.emitted and config.runtime.managed.publish_metrics:
        yield (
            (*_RUNTIME, "publish_metrics"),
            f"publishes every metric of Amazon's names, and {monitor.name} names some to publish; give one of both",
        )


def _kind(config: EndpointConfig, monitor: Monitor, at: Location) -> Iterator[Problem]:
    """Yield what the analyzer of the monitor's kind does not do."""
    match monitor:
        case DataQualityMonitor():
            yield from _data_quality(config, monitor, at)
        case ModelQualityMonitor():
            yield from _model_quality(config, monitor, at)
        case ModelBiasMonitor():
            yield from (*_clarify(config, monitor), *_model_bias(monitor, at))
        case ModelExplainabilityMonitor():
            yield from (*_clarify(config, monitor), *_model_explainability(config, monitor, at))


def _data_quality(config: EndpointConfig, monitor: DataQualityMonitor, at: Location) -> Iterator[Problem]:
    if monitor.distribution.categorical_drift_method == "ChiSquared" and config.runtime.managed.image == "amazon":
        yield (
            (*at, "distribution", "categorical_drift_method"),
            (
                "'ChiSquared' makes Amazon's analyzer report a p-value, and how that is judged is not documented; "
                f"allowed: LInfinity; {OURS}"
            ),
        )


def _model_quality(config: EndpointConfig, monitor: ModelQualityMonitor, at: Location) -> Iterator[Problem]:
    known = _QUALITY_METRICS[config.data_schema.problem or "binary-classification"]
    for name, limit in monitor.constraints.items():
        if name not in known:
            yield (
                (*at, "constraints", name),
                f"Amazon's analyzer does not check it; it does {', '.join(known)}; remove it, {OURS}",
            )
        if limit.at_least is not None and limit.at_most is not None:
            yield (*at, "constraints", name), f"Amazon's analyzer takes one bound of a metric; give one, {OURS}"


def _clarify(config: EndpointConfig, monitor: Monitor) -> Iterator[Problem]:
    if not config.data_schema.features:
        yield ("schema", "features"), f"missing; Clarify finds the columns of a request by their names ({monitor.name})"


def _model_bias(monitor: ModelBiasMonitor, at: Location) -> Iterator[Problem]:
    for name in ("limits", "tolerance"):
        if name in monitor.model_fields_set:
            yield (*at, name), f"Clarify compares with the baseline as it is; remove it, {OURS}"
    own = [name for name in monitor.metrics if name in _OWN_BIAS_METRICS]
    if own:
        yield (*at, "metrics"), f"Clarify has no {', '.join(own)}; remove them, {OURS}"
    for i, facet in enumerate(monitor.facets):
        fraction = len(facet.equals) == 1 and isinstance(facet.equals[0], float)
        if facet.greater_than is not None or fraction:
            yield (
                (*at, "facets", i),
                (
                    f"{facet.column!r}: whether a single number is a threshold or a value for Clarify depends on "
                    "how many different values a window has, so that baseline and windows may compare other groups; "
                    f"put the group into a column of its own and name its values in `equals`, {OURS}"
                ),
            )


def _model_explainability(
    config: EndpointConfig, monitor: ModelExplainabilityMonitor, at: Location
) -> Iterator[Problem]:
    managed = config.runtime.managed
    if not monitor.baseline:
        yield (
            (*at, "baseline"),
            (
                "missing; give the SHAP baseline, a record of feature values: without one Clarify makes another of "
                f"each window, {OURS}"
            ),
        )
    if monitor.ndcg_threshold != _CLARIFY_NDCG:
        yield (*at, "ndcg_threshold"), f"Clarify's is {_CLARIFY_NDCG} and cannot be changed; remove it, {OURS}"
    for name in ("max_rows", "max_model_rows", "background_records"):
        if name in monitor.model_fields_set:
            yield (*at, name), f"Clarify explains every row, as it is asked to; remove it, {OURS}"
    if managed.shadow_endpoint.model is None and config.created is None:
        yield (
            (*_RUNTIME, "shadow_endpoint", "model"),
            "missing; Clarify asks the model itself: give the name of the SageMaker model behind the existing endpoint",
        )
    if "isolation" in managed.network.model_fields_set and managed.network.isolation:
        yield (
            (*_RUNTIME, "network", "isolation"),
            f"{monitor.name} asks the model over the network; remove it, or set it to false",
        )
