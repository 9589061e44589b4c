"""What the state machine's definition says about every monitor (docs/interfaces.md)."""

from __future__ import annotations

from typing import Any

from infra.config import EndpointConfig
from infra.config.monitors import Monitor
from infra.constructs.permissions import Place
from infra.constructs.storage import Storage
from monitoring_core.metric_names import schedule_name


def capture_prefix(config: EndpointConfig, storage: Storage) -> str:
    """Return where captured data is: below it are variants, or the two sides of transform jobs, then hours."""
    if config.batch_transform:
        return config.batch_transform.captured
    if config.capture.destination:
        return f"{config.capture.destination}{config.name}/"
    return storage.uri(storage.layout.capture)


def captured_places(config: EndpointConfig, storage: Storage) -> list[Place]:
    """Return what has to be read to get at captured data; of transform jobs it is in their outputs."""
    batch = config.batch_transform
    return [Place.of(uri) for uri in (capture_prefix(config, storage), *([batch.output] if batch else ()))]


def capture_keys(config: EndpointConfig) -> list[str]:
    """Return the keys of others that encrypt captured data."""
    key = config.batch_transform.kms_key if config.batch_transform else config.capture.kms_key
    return [key] if key else []


def ground_truth_prefixes(config: EndpointConfig, storage: Storage) -> list[str]:
    """Return where labels are, if any monitor needs them."""
    if not any(monitor.needs_labels for monitor in config.monitors):
        return []
    return [config.ground_truth.prefix or storage.uri(storage.layout.ground_truth)]


def run_spec(config: EndpointConfig, monitor: Monitor, storage: Storage) -> dict[str, Any]:
    """Return the monitor's `RunSpec`: all that an execution needs to know."""
    return {
        "endpoint": config.name,
        "monitor": monitor.name,
        "schedule": schedule_name(config.name, monitor.name),
        "bucket": storage.bucket.bucket_name,
        "capture_prefix": capture_prefix(config, storage),
        **({"source": "batch-transform"} if config.batch_transform else {}),
        **({"variant": monitor.variant} if monitor.variant else {}),
        "period_seconds": monitor.schedule.period_seconds,
        "offset_seconds": monitor.schedule.offset_seconds,
        **(_labels(config, storage) if monitor.needs_labels else {}),
        "emit": list(monitor.emitted),
        "runtime": monitor.runtime,
        "spec": monitor.spec(config.data_schema).model_dump(mode="json"),
        "report_title": f"{config.name}: {monitor.name.replace('-', ' ')}",
    }


def limits(config: EndpointConfig) -> dict[str, int]:
    """Return the `Limits` by which Plan chooses the engine of a monitor with `runtime: auto`."""
    auto = config.runtime.auto
    return {
        "function_bytes": auto.function_max.size,
        "function_rows": auto.function_max.rows,
        "processing_bytes": auto.processing_max.size,
        "processing_rows": auto.processing_max.rows,
    }


def _labels(config: EndpointConfig, storage: Storage) -> dict[str, Any]:
    late = config.ground_truth.final_after
    return {
        "ground_truth_prefixes": ground_truth_prefixes(config, storage),
        "lag_seconds": int(config.ground_truth.lag.total_seconds()),
        "final_seconds": int(late.total_seconds()) if late else 0,
    }
