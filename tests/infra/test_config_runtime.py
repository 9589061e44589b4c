"""Where monitors run: what the configuration takes, and what it refuses with which words."""

# ruff: noqa: E501 - one mistake, one line

from __future__ import annotations

from typing import Any

import pytest

from infra.config import EndpointConfig, parse_config
from infra.config.base import format_size, parse_size
from infra.config.runtime import ProcessingRuntime, SparkRuntime
from monitoring_core.errors import ConfigError

from .test_config_errors import TRAINING, created

OWN = ("auto", "function", "processing", "spark")
PREPARED = {"training": {name: value for name, value in TRAINING.items() if name != "prepare_image"}}


def parsed(document: dict[str, Any]) -> EndpointConfig:
    config = parse_config(document, "f")
    assert isinstance(config, EndpointConfig)
    return config


def running(runtime: str, **sections: Any) -> dict[str, Any]:
    return created(monitors=[{"kind": "data-quality", "runtime": runtime}], runtime=sections)


@pytest.mark.parametrize(
    "monitor",
    [
        {"kind": "data-quality"},
        {"kind": "model-quality"},
        {"kind": "model-bias", "facets": [{"column": "temp"}]},
        {"kind": "model-explainability", "model_file": "s3://bucket/model.json"},
        {"kind": "prediction-drift"},
        {"kind": "data-integrity"},
    ],
    ids=lambda monitor: str(monitor["kind"]),
)
@pytest.mark.parametrize("runtime", OWN)
def test_every_kind_runs_on_every_engine_of_ours(monitor: dict[str, Any], runtime: str) -> None:
    schema = created()["schema"] | {"probability": "p"}
    config = parsed(created(schema=schema, monitors=[monitor | {"runtime": runtime}]))
    assert [found.runtime for found in config.own_monitors] == [runtime]


def test_the_engine_is_chosen_by_size_unless_one_is_named() -> None:
    (monitor,) = parsed(created()).monitors
    assert monitor.runtime == "auto"


def test_model_monitor_runs_only_its_own_kinds() -> None:
    with pytest.raises(
        ConfigError,
        match=r"monitors\[0\].runtime: 'managed' is not available; allowed: auto, function, processing, spark",
    ):
        parse_config(created(monitors=[{"kind": "prediction-drift", "runtime": "managed"}]), "f")


def test_jobs_are_there_where_they_are_set_up_or_asked_for() -> None:
    nothing = parsed(created())
    assert (nothing.processing, nothing.spark) == (None, None)
    assert parsed(running("processing")).processing == ProcessingRuntime()
    assert parsed(running("spark")).spark == SparkRuntime()
    given = parsed(running("auto", processing={"instance_count": 4})).processing
    assert given is not None
    assert given.instance_count == 4


@pytest.mark.parametrize(("text", "size"), [("1KiB", 1024), ("512MiB", 2**29), ("1 GiB", 2**30), ("2TiB", 2**41)])
def test_sizes_are_written_for_people(text: str, size: int) -> None:
    assert parse_size(text) == size
    assert parse_size(format_size(size)) == size


@pytest.mark.parametrize(
    ("document", "line"),
    [
        (running("auto", auto={"function_max": {"size": "1GB", "rows": 1}}), "runtime.auto.function_max.size: '1GB' is not allowed; allowed: a whole number followed by KiB, MiB, GiB or TiB, e.g. 512MiB, 1GiB"),
        (running("auto", auto={"function_max": {"size": "0GiB", "rows": 1}}), "runtime.auto.function_max.size: '0GiB' is not allowed; allowed: a whole number followed by KiB, MiB, GiB or TiB, e.g. 512MiB, 1GiB"),
        (running("auto", auto={"function_max": {"size": "1TiB", "rows": 1}}), "runtime.auto: `function_max` must not be above `processing_max`, in size or in rows"),
        (running("function", auto={"function_max": {"size": "1GiB", "rows": 1}}), "runtime.auto: has no effect: no monitor has `runtime: auto`; remove it, or change one"),
        (running("function", processing={}), "runtime.processing: has no effect: no monitor has `runtime: auto` or `runtime: processing`; remove it, or change one"),
        (running("processing", spark={}), "runtime.spark: has no effect: no monitor has `runtime: auto` or `runtime: spark`; remove it, or change one"),
        (running("auto", processing={"image": "kaniko"}), "runtime.processing.image: 'kaniko' is not allowed; allowed: codebuild (built in your account), docker (built on this machine), fleet (the fleet's), or an image in ECR, e.g. 111122223333.dkr.ecr.eu-west-1.amazonaws.com/watchkeeper:1.2"),
        (running("auto", processing={"network": {"subnets": ["subnet-1"]}}), "runtime.processing.network: `subnets` and `security_groups` belong together: give both, or none"),
        (running("auto", processing={"network": {"subnets": ["net"], "security_groups": ["sg-1"]}}), "runtime.processing.network.subnets[0]: 'net' is not allowed; allowed: the id of a subnet, e.g. subnet-0a1b2c3d4e5f67890"),
        (created(retraining=PREPARED), "retraining.training.prepare_image: missing; give the image that holds this product, or `runtime.processing`, whose image is used then"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_fix(document: dict[str, Any], line: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_config(document, "f")
    assert f"f: {line}" in str(error.value).splitlines()


def test_retraining_may_use_the_image_of_the_jobs() -> None:
    monitors = [{"kind": "data-quality", "runtime": "function"}]
    parsed(created(retraining=PREPARED, monitors=monitors, runtime={"processing": {}}))
