"""Every mistake gets one line: file, path, what was given, what is allowed, what to do."""

# ruff: noqa: E501 - one mistake, one line

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.config import load_config, parse_config
from infra.config.schedule import ALLOWED
from monitoring_core.errors import ConfigError

VARIANT = {"model": {"image": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/m:1", "artifact": "s3://bucket/m.tar.gz"}}
TRAINING = {
    "prepare_image": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/watchkeeper:1",
    "image": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/m:1",
    "code": "s3://bucket/sourcedir.tar.gz",
}
NUMBERS = {"problem": "regression", "outputs": ["p"], "prediction": "p", "features": ["temp", "wind"], "label": "y"}
TIMED = {"dataset": "s3://bucket/train.csv", "time_column": "time"}


def created(**sections: Any) -> dict[str, Any]:
    """A correct document for an endpoint that the stack creates, with some sections replaced."""
    document = {
        "endpoint": {"name": "ep", "create": {"variants": [VARIANT]}},
        "schema": {"problem": "binary-classification", "outputs": ["p"], "features": ["temp", "wind"], "label": "y"},
        "baseline": {"dataset": "s3://bucket/train.csv"},
        "monitors": [{"kind": "data-quality"}],
    }
    return document | sections


def existing(**sections: Any) -> dict[str, Any]:
    return created(
        **{"endpoint": {"name": "ep", "existing": True}, "capture": {"destination": "s3://bucket/capture/"}} | sections
    )


def jobs(**sections: Any) -> dict[str, Any]:
    """A correct document for transform jobs, with some sections replaced."""
    watched = {"name": "jobs", "captured": "s3://bucket/captured/", "output": "s3://bucket/out/"}
    document = {name: section for name, section in created().items() if name != "endpoint"}
    return document | {"batch_transform": watched} | sections


def monitor(**fields: Any) -> dict[str, Any]:
    return {"monitors": [{"kind": "data-quality", **fields}]}


def managed(**fields: Any) -> dict[str, Any]:
    """A correct monitor for Model Monitor, with some fields replaced."""
    return monitor(**{"runtime": "managed"} | fields)


def variants(*items: dict[str, Any]) -> dict[str, Any]:
    return {"endpoint": {"name": "ep", "create": {"variants": list(items)}}}


def test_the_documents_that_the_mistakes_start_from_are_correct() -> None:
    parse_config(created(retraining={"training": TRAINING}), "f")
    parse_config(existing(), "f")
    parse_config(jobs(), "f")
    parse_config(created(**managed()), "f")


@pytest.mark.parametrize(
    "document",
    [
        created(alarms={"evaluation_periods": 288}, **monitor(schedule="every 5 minutes")),
        created(alarms={"evaluation_periods": 168}),
        created(capture={"modes": ["Output"]}, schema={"outputs": ["p"]}),
        created(capture={"modes": ["Input"]}, schema={"features": ["temp"]}),
        created(runtime={"managed": {"timeout_seconds": 3600}}, **managed()),
        created(
            **variants(
                {"model": {**VARIANT["model"], "environment": {"SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}}}
            )
        ),
        created(
            baseline=TIMED,
            monitors=[*monitor()["monitors"], *managed(name="managed")["monitors"]],
        ),
    ],
)
def test_what_is_just_allowed_is_allowed(document: dict[str, Any]) -> None:
    parse_config(document, "f")


@pytest.mark.parametrize(
    ("document", "line"),
    [
        (created(monitor=[]), "monitor: unknown key; allowed: alarms, baseline, batch_transform, capture, decrypt_keys, endpoint, experiment, fleet, governance, ground_truth, monitors, promotion, retraining, review, runtime, schema; did you mean 'monitors'?"),
        (created(schema={"fetures": []}), "schema.fetures: unknown key; allowed: features, label, outputs, prediction, probability, problem; did you mean 'features'?"),
        (created(**monitor(distribution={"comparison_methd": "Robust"})), "monitors[0].distribution.comparison_methd: unknown key; allowed: calibrate, categorical_drift_method, comparison_method, comparison_threshold; did you mean 'comparison_method'?"),
        (created(**variants({**VARIANT, "instance": {"typ": "x"}})), "endpoint.create.variants[0].instance.typ: unknown key; allowed: count, type; did you mean 'type'?"),
        (created(**monitor(features={"temp": {"max_dist": 0.1}})), "monitors[0].features.temp.max_dist: unknown key; allowed: max_distance, min_completeness, perform_comparison; did you mean 'max_distance'?"),
        (created(monitors=[{"kind": "model-qualitty"}]), "monitors[0].kind: 'model-qualitty' is not available; allowed: data-quality, model-quality, model-bias, model-explainability, prediction-drift, data-integrity, embedding-drift, text, custom; did you mean 'model-quality'?"),
        (created(monitors=[]), "monitors: needs at least 1, got []"),
        (created(monitors=[{"schedule": "daily"}]), "monitors[0].kind: missing; add it"),
        (created(**monitor(schedule="hourlyy")), f"monitors[0].schedule: 'hourlyy' is not allowed; {ALLOWED}"),
        (created(**monitor(schedule="every 5 hours")), "monitors[0].schedule: 'every 5 hours' is not allowed; windows of 5 hours do not fill a day evenly; allowed: 1, 2, 3, 4, 6, 8, 12 or 24 hours"),
        (created(**monitor(min_rows=0)), "monitors[0].min_rows: input should be greater than or equal to 1, got 0"),
        (created(**monitor(runtime="glue")), "monitors[0].runtime: 'glue' is not available; allowed: auto, function, processing, spark, managed"),
        (created(**monitor(runtime="managed", schedule="rate(30 minutes)")), "monitors[0].schedule: 'rate(30 minutes)' cannot be scheduled by Model Monitor; allowed: hourly, daily, every N hours, or cron(0 H ? * * *) or cron(0 H/N ? * * *); or use `runtime: auto`"),
        (created(**monitor(runtime="managed", schedule="cron(10 5 ? * * *)")), "monitors[0].schedule: 'cron(10 5 ? * * *)' cannot be scheduled by Model Monitor; allowed: hourly, daily, every N hours, or cron(0 H ? * * *) or cron(0 H/N ? * * *); or use `runtime: auto`"),
        (created(**managed(segments=["temp"])), "monitors[0].segments: Amazon's analyzers do not slice the rows; remove it, or use `runtime: auto`"),
        (created(**managed(distribution={"categorical_drift_method": "ChiSquared"})), "monitors[0].distribution.categorical_drift_method: 'ChiSquared' makes Amazon's analyzer report a p-value, and how that is judged is not documented; allowed: LInfinity; or use `runtime: auto`"),
        (created(**managed(min_rows=200)), "monitors[0].min_rows: Amazon's analyzers judge windows of any size; remove it, or use `runtime: auto`"),
        (created(runtime={"managed": {"timeout_seconds": 3601}}, **managed()), "runtime.managed.timeout_seconds: a job of Model Monitor may not run longer than the time to the next, got 3601 for hourly (data-quality); allowed: up to 3600"),
        (created(monitors=[{"kind": "data-quality"}, {"kind": "data-quality"}]), "monitors[1].name: 'data-quality' is taken by another monitor; give each its own `name`"),
        (created(**monitor(name="m" * 61)), f"monitors[0].name: 'ep-{'m' * 61}' has 64 characters; endpoint and monitor together may have 62"),
        (created(**monitor(features={"tmep": {}})), "monitors[0].features.tmep: column 'tmep' not found; available columns: p, temp, wind; check the spelling in the configuration"),
        (created(**monitor(emit_features=["temp", "wnd"])), "monitors[0].emit_features[1]: column 'wnd' not found; available columns: p, temp, wind; check the spelling in the configuration"),
        (created(schema={"outputs": ["p"], "features": ["p"]}), "schema: `outputs` and `features` must name each column once, got twice: p"),
        (created(endpoint={"name": "ep"}), "endpoint: give either `existing: true` or `create: {variants: [...]}`"),
        (created(endpoint={"name": "ep_1", "existing": True}), "endpoint.name: 'ep_1' is not allowed; allowed: letters, digits and inner hyphens, at most 63 characters"),
        (created(**variants({**VARIANT, "serverless": {"memory": 2048}})), "endpoint.create.variants[0]: SageMaker does not capture data on serverless variants, so they cannot be monitored; use `instance`"),
        (created(**variants(VARIANT, VARIANT)), "endpoint.create: variant names must differ, got AllTraffic, AllTraffic"),
        (created(**variants({**VARIANT, "weight": 0})), "endpoint.create: at least one variant needs a weight above 0"),
        (created(**variants({"model": {"artifact": "s3://bucket/m.tar.gz"}})), "endpoint.create.variants[0].model.image: missing; add it"),
        (created(**variants({"model": {"image": "xgboost:1", "artifact": "s3://bucket/m.tar.gz"}})), "endpoint.create.variants[0].model.image: 'xgboost:1' is not allowed; allowed: an image in ECR, e.g. 111122223333.dkr.ecr.eu-west-1.amazonaws.com/models/fraud:1.2"),
        (created(**variants({"model": {**VARIANT["model"], "environment": {"SAGEMAKER_SUBMIT_DIRECTORY": "s3://bucket/code.tar.gz"}}})), "endpoint.create.variants[0].model: `environment.SAGEMAKER_SUBMIT_DIRECTORY` is 's3://bucket/code.tar.gz', but the container runs without a network and cannot fetch it; put the code into the artifact below code/ and give /opt/ml/model/code"),
        (created(**variants({**VARIANT, "autoscaling": {"min": 3, "max": 2}})), "endpoint.create.variants[0].autoscaling: `min` must not be above `max`, got min 3 and max 2"),
        (created(capture={"destination": "s3://bucket/capture/"}), "capture.destination: is for existing endpoints; a created endpoint captures into the stack's own bucket and key"),
        (created(capture={"csv_content_types": ["text/csv"], "json_content_types": ["text/csv"]}), "capture.json_content_types: text/csv is listed as CSV too; list it once"),
        (created(capture={"modes": ["Output"]}), "capture.modes: the features that the monitors watch are in the request, got Output; add Input, or name `schema.outputs` and no `schema.features` to watch the answers alone"),
        (created(capture={"modes": ["Output"]}, schema={}), "capture.modes: the features that the monitors watch are in the request, got Output; add Input, or name `schema.outputs` and no `schema.features` to watch the answers alone"),
        (created(capture={"modes": ["Input"]}), "capture.modes: `schema.outputs` are in the answer, got Input; add Output, or leave `schema.outputs` out"),
        (jobs(**existing()), "endpoint: both are given; give either `endpoint`, or `batch_transform` to watch transform jobs"),
        (jobs(batch_transform=None), "endpoint: missing; give either `endpoint`, or `batch_transform` to watch transform jobs"),
        (jobs(capture={"destination": "s3://bucket/capture/"}), "capture.destination: has no effect on transform jobs, whose own settings say it; remove it"),
        (jobs(**monitor(schedule="every 15 minutes")), "monitors[0].schedule: transform jobs file what they capture by the hour, got 'every 15 minutes'; give hourly or longer windows"),
        (jobs(batch_transform={"name": "jobs", "captured": "s3://bucket/captured/", "output": "s3://other/out/"}, runtime={"processing": {}}), "batch_transform.output: must be in the bucket of `captured` for jobs of `runtime.processing` or `runtime.spark`; let the transform jobs write there, or leave those sections out"),
        (jobs(alarms={"heartbeat_periods": 2}), "alarms.heartbeat_periods: has no effect on runs that jobs start; add `batch_transform.start: both`, or remove it"),
        (jobs(**monitor(alarm={"heartbeat_periods": 2})), "monitors[0].alarm.heartbeat_periods: has no effect on runs that jobs start; add `batch_transform.start: both`, or remove it"),
        (jobs(retraining={"training": TRAINING}), "retraining.training: the pipeline learns from what endpoints capture; give the ARN of your own pipeline instead"),
        (created(**managed(), runtime={"managed": {"batch_transform": {"header": True}}}), "runtime.managed.batch_transform: has no effect on an endpoint; remove it"),
        (existing(capture={}), "capture.destination: missing; give the `DestinationS3Uri` of the existing endpoint's data capture"),
        (existing(capture={"destination": "s3://bucket/capture/", "sampling_percentage": 50}), "capture.sampling_percentage: has no effect on an existing endpoint, which decides this itself; remove it"),
        (existing(capture={"destination": "s3://bucket/capture"}), "capture.destination: 's3://bucket/capture' is not allowed; allowed: an S3 prefix that ends in /, e.g. s3://bucket/folder/"),
        (created(baseline={}), "baseline: give either `dataset`, or `statistics` and `constraints`"),
        (created(baseline={"statistics": "s3://bucket/s.json"}), "baseline: `statistics` and `constraints` belong together; give both, or `dataset` alone"),
        (created(baseline={"statistics": "s3://bucket/s.json", "constraints": "s3://bucket/c.json", "time_column": "t"}), "baseline: `time_column` is a column of `dataset`; it has no effect on a baseline that exists already"),
        (created(baseline={"dataset": "train.csv"}), "baseline.dataset: 'train.csv' is not allowed; allowed: an S3 object, e.g. s3://bucket/folder/file.csv"),
        (created(alarms={"datapoints_to_alarm": 3, "evaluation_periods": 2}), "alarms: `datapoints_to_alarm` must not be above `evaluation_periods`, got 3 of 2"),
        (created(alarms={"evaluation_periods": 289}, **monitor(schedule="every 5 minutes")), "alarms.evaluation_periods: CloudWatch looks back one day at most, got 289 windows of every 5 minutes (data-quality); allowed: up to 288"),
        (created(alarms={"heartbeat_periods": 169}), "alarms.heartbeat_periods: CloudWatch looks back seven days at most, got 169 windows of hourly (data-quality); allowed: up to 168"),
        (created(alarms={"evaluation_periods": 8}, **monitor(schedule="daily")), "alarms.evaluation_periods: CloudWatch looks back seven days at most, got 8 windows of daily (data-quality); allowed: up to 7"),
        (created(alarms={"notify": {"email": ["ml"]}}), "alarms.notify.email[0]: 'ml' is not allowed; allowed: an email address"),
        (created(retraining={"pipeline": "creat"}), "retraining.pipeline: 'creat' is not allowed; allowed: create, or the ARN of a SageMaker pipeline"),
        (created(retraining={"training": TRAINING, "cooldown": "3 days"}), "retraining.cooldown: '3 days' is not allowed; allowed: a whole number followed by m, h or d, e.g. 90m, 26h, 3d"),
        (created(retraining={}), "retraining: `training` belongs to `pipeline: create`: give both, or the ARN of your own pipeline alone"),
        (created(retraining={"training": TRAINING}, schema={}), "schema.outputs: missing; the retraining pipeline needs it"),
        (created(retraining={"training": TRAINING}, schema={"outputs": ["p"], "label": "y"}), "schema.problem: missing; the retraining pipeline compares models of binary-classification, multiclass-classification, regression"),
        (created(retraining={"training": TRAINING}, schema={"problem": "regression", "outputs": ["p"], "label": "y"}), "schema.prediction: missing; the retraining pipeline needs the column that holds the prediction"),
        (created(retraining={"training": {**TRAINING, "metric": "auc"}}, schema=NUMBERS), "retraining.training.metric: 'auc' does not measure regression; allowed: rmse, mae, r2"),
        (created(retraining={"training": {**TRAINING, "metric": "log_loss"}}, schema={"problem": "binary-classification", "outputs": ["p"], "prediction": "p", "label": "y"}), "retraining.training.metric: 'log_loss' needs probabilities; name their column as `schema.probability`, or compare by accuracy or f1"),
        (created(retraining={"training": {**TRAINING, "min_improvement": 2}}), "retraining.training.min_improvement: auc is from 0 to 1, so nothing can be better by 2; give a smaller one"),
        (created(retraining={"training": {**TRAINING, "reweighing": {"column": "temp"}}}, schema=NUMBERS), "retraining.training.reweighing: balances the classes of the label over groups, and a regression has none; remove it"),
        (created(retraining={"training": {**TRAINING, "instance_type": "ml.g5.xlarge"}}), "retraining.training.instance_type: the jobs encrypt their volumes with the stack's key, which SageMaker refuses for machines with local NVMe storage, got ml.g5.xlarge; give a type without, e.g. ml.m5.xlarge or ml.p3.2xlarge"),
        (existing(retraining={"training": TRAINING}), "retraining.training.champion: missing; give the `model.tar.gz` that serves today"),
        (created(ground_truth={"lag": "1d"}), "ground_truth: nothing reads labels; add a monitor of model quality or bias, or `retraining`, or remove this section"),
        (created(ground_truth={"lag": "2d", "final_after": "1d"}), "ground_truth: `final_after` must be longer than `lag`: the first run waits for `lag` already"),
        (created(decrypt_keys=["alias/mine"]), "decrypt_keys[0]: 'alias/mine' is not allowed; allowed: the ARN of a KMS key"),
        (created(governance={"risk_rating": "hi"}), "governance.risk_rating: 'hi' is not available; allowed: high, medium, low, unknown; did you mean 'high'?"),
        (created(governance={"tags": {"aws:x": "1"}}), "governance.tags.aws:x.[key]: 'aws:x' is not allowed; allowed: letters, digits, spaces and .:/=+@_- but not starting with aws:"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_fix(document: dict[str, Any], line: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_config(document, "a/monitoring.yaml")
    assert f"a/monitoring.yaml: {line}" in str(error.value).splitlines()


def test_all_mistakes_of_a_file_are_reported_at_once() -> None:
    with pytest.raises(ConfigError) as error:
        parse_config(created(schema={"x": 1}, alarms={"y": 1}, **monitor(min_rows="many")), "f")
    assert [line.split(":")[1].strip() for line in str(error.value).splitlines()] == [
        "schema.x",
        "monitors[0].min_rows",
        "alarms.y",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("endpoint: {name: a}\nendpoint: {name: b}\n", "key 'endpoint' is given twice; keep one"),
        ("monitors:\n  - {kind: data-quality, kind: data-quality}\n", "key 'kind' is given twice; keep one"),
        ("endpoint: [", "not valid YAML"),
        ("just text", "the file must hold sections such as `endpoint:`, got 'just text'"),
        ("", "the file must hold sections such as `endpoint:`, got None"),
    ],
)
def test_a_file_that_is_no_configuration_says_why(config_file: Callable[[str], Path], text: str, message: str) -> None:
    path = config_file(text)
    with pytest.raises(ConfigError) as error:
        load_config(path)
    assert message in str(error.value)
    assert str(path) in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no such file; give the path of a monitoring\.yaml"):
        load_config(tmp_path / "nowhere.yaml")
