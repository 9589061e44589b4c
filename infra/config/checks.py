"""What the sections of a configuration file must agree on; everything that disagrees is reported at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from infra.config.base import Problem
from infra.config.batch_transform import batch_problems
from infra.config.comparison import comparison_problems
from infra.config.experiment import experiment_problems, needs_labels, watched_variant_problems
from infra.config.instances import has_local_storage
from infra.config.managed import managed_problems
from infra.config.operations import Training
from infra.config.promotion import promotion_problems
from infra.config.review import review_problems
from infra.config.schedule import DAY, HOUR, WEEK
from monitoring_core.errors import ColumnNotFoundError
from monitoring_core.metric_names import schedule_name

if TYPE_CHECKING:
    from infra.config.model import EndpointConfig
    from infra.config.monitors import Monitor

_NAME_LIMIT: Final = 63


def _capture_problems(config: EndpointConfig) -> Iterator[Problem]:
    given = config.capture.model_fields_set
    if config.batch_transform:
        return
    if config.existing:
        if config.capture.destination is None:
            yield (
                ("capture", "destination"),
                "missing; give the `DestinationS3Uri` of the existing endpoint's data capture",
            )
        for name in sorted(given - {"destination", "kms_key"}):
            yield ("capture", name), "has no effect on an existing endpoint, which decides this itself; remove it"
        return
    for name in sorted(given & {"destination", "kms_key"}):
        yield (
            ("capture", name),
            "is for existing endpoints; a created endpoint captures into the stack's own bucket and key",
        )
    both = set(config.capture.csv_content_types) & set(config.capture.json_content_types)
    if both:
        yield ("capture", "json_content_types"), f"{', '.join(sorted(both))} is listed as CSV too; list it once"
    yield from _side_problems(config)


def _side_problems(config: EndpointConfig) -> Iterator[Problem]:
    """Yield a side that is watched and not recorded: features are in the request, outputs in the answer."""
    modes, columns = config.capture.modes, config.columns
    if "Input" not in modes and (columns.features or not columns.outputs):
        yield (
            ("capture", "modes"),
            f"the features that the monitors watch are in the request, got {', '.join(modes)}; add Input, or name "
            "`schema.outputs` and no `schema.features` to watch the answers alone",
        )
    if "Output" not in modes and columns.outputs:
        yield (
            ("capture", "modes"),
            f"`schema.outputs` are in the answer, got {', '.join(modes)}; add Output, or leave `schema.outputs` out",
        )


def _monitor_problems(config: EndpointConfig) -> Iterator[Problem]:
    names = [monitor.name for monitor in config.monitors]
    for i, monitor in enumerate(config.monitors):
        if monitor.name in names[:i]:
            yield ("monitors", i, "name"), f"{monitor.name!r} is taken by another monitor; give each its own `name`"
        full = schedule_name(config.name, monitor.name)
        if len(full) > _NAME_LIMIT:
            yield (
                ("monitors", i, "name"),
                f"{full!r} has {len(full)} characters; endpoint and monitor together may have 62",
            )
        yield from monitor.missing(config.data_schema)
        yield from _baseline_problems(config, monitor, i)


def _baseline_problems(config: EndpointConfig, monitor: Monitor, i: int) -> Iterator[Problem]:
    if config.baseline.dataset is None and monitor.dataset is None and monitor.kind != "data-quality":
        yield (
            ("monitors", i, "dataset"),
            (
                "missing; `baseline.statistics` and `baseline.constraints` are for data quality, "
                f"{monitor.name} needs a data set"
            ),
        )


def _column_problems(config: EndpointConfig) -> Iterator[Problem]:
    known = (*config.columns.outputs, *config.columns.features)
    if not known:
        return  # columns are named by the baseline; the deployment checks them against it
    for i, monitor in enumerate(config.monitors):
        for location, column in monitor.named_columns():
            if column not in known:
                yield ("monitors", i, *location), str(ColumnNotFoundError(column, known))


def _alarm_problems(config: EndpointConfig) -> Iterator[Problem]:
    """Yield alarms that look back too far: at most a day for periods below an hour, else seven days."""
    for i, monitor in enumerate(config.monitors):
        at = ("monitors", i, "alarm") if monitor.alarm else ("alarms",)
        period = monitor.schedule.period_seconds
        most, span = (DAY // period, "one day") if period < HOUR else (WEEK // period, "seven days")
        for field in ("evaluation_periods", "heartbeat_periods"):
            if (given := getattr(config.alarm_rule(monitor), field)) > most:
                yield (
                    (*at, field),
                    (
                        f"CloudWatch looks back {span} at most, got {given} windows of {monitor.schedule.text} "
                        f"({monitor.name}); allowed: up to {most}"
                    ),
                )


def _retraining_problems(config: EndpointConfig) -> Iterator[Problem]:
    if config.retraining is None:
        read = needs_labels(config) or any(m.needs_labels for m in config.monitors)
        if "ground_truth" in config.model_fields_set and not read:
            yield (
                ("ground_truth",),
                "nothing reads labels; add a monitor of model quality or bias, or `retraining`, or remove this section",
            )
        return
    if config.retraining.training is not None:
        yield from _training_problems(config, config.retraining.training)


def _training_problems(config: EndpointConfig, training: Training) -> Iterator[Problem]:
    for name in ("outputs", "label"):
        if not getattr(config.data_schema, name):
            yield ("schema", name), "missing; the retraining pipeline needs it"
    yield from comparison_problems(config.data_schema, training.metric, training.min_improvement)
    if training.reweighing is not None and config.data_schema.problem == "regression":
        yield (
            ("retraining", "training", "reweighing"),
            "balances the classes of the label over groups, and a regression has none; remove it",
        )
    if config.baseline.dataset is None:
        yield ("baseline", "dataset"), "missing; the retraining pipeline adds the labelled traffic to this data"
    if has_local_storage(training.instance_type):
        yield (
            ("retraining", "training", "instance_type"),
            (
                f"the jobs encrypt their volumes with the stack's key, which SageMaker refuses for machines with local "
                f"NVMe storage, got {training.instance_type}; give a type without, e.g. ml.m5.xlarge or ml.p3.2xlarge"
            ),
        )
    if training.prepare_image is None and config.processing is None:
        yield (
            ("retraining", "training", "prepare_image"),
            "missing; give the image that holds this product, or `runtime.processing`, whose image is used then",
        )
    create = config.created
    if training.champion is None and create is None:
        yield ("retraining", "training", "champion"), "missing; give the `model.tar.gz` that serves today"


def _fleet_problems(config: EndpointConfig) -> Iterator[Problem]:
    """Yield what is decided for the whole fleet."""
    if config.fleet is None:
        if config.processing and config.processing.image == "fleet":
            yield (
                ("runtime", "processing", "image"),
                "the endpoint is in no fleet; name it with `fleet:`, or build the image",
            )
        return
    if "retention_days" in config.capture.model_fields_set and config.created:
        yield ("capture", "retention_days"), f"is decided in the file of the fleet {config.fleet}; remove it here"
    if config.governance.report_retention_days:
        yield (
            ("governance", "report_retention_days"),
            f"is decided in the file of the fleet {config.fleet}; remove it here",
        )
    if "notify" in config.alarms.model_fields_set:
        yield ("alarms", "notify"), f"is decided in the file of the fleet {config.fleet}; remove it here"


def _runtime_problems(config: EndpointConfig) -> Iterator[Problem]:
    """Yield engines that are set up and that no monitor can get."""
    wishes = {monitor.runtime for monitor in config.monitors}
    for name in ("processing", "spark"):
        if getattr(config.runtime, name) and not wishes & {"auto", name} and not _has_other_use(config, name):
            yield (
                ("runtime", name),
                f"has no effect: no monitor has `runtime: auto` or `runtime: {name}`; remove it, or change one",
            )
    if "auto" in config.runtime.model_fields_set and "auto" not in wishes:
        yield ("runtime", "auto"), "has no effect: no monitor has `runtime: auto`; remove it, or change one"


def _has_other_use(config: EndpointConfig, engine: str) -> bool:
    """Return whether the retraining pipeline or Model Monitor takes the image of the processing jobs."""
    training = config.retraining.training if config.retraining else None
    prepares = training is not None and training.prepare_image is None
    return engine == "processing" and (prepares or config.runtime.managed.image == "ours")


CHECKS: Final = (
    _capture_problems,
    batch_problems,
    _fleet_problems,
    _monitor_problems,
    _runtime_problems,
    managed_problems,
    _column_problems,
    _alarm_problems,
    _retraining_problems,
    review_problems,
    experiment_problems,
    watched_variant_problems,
    promotion_problems,
)
