"""What has to be in S3 before the stacks are deployed: model archives, training sets, an existing baseline."""

from __future__ import annotations

import csv
import io
import json
import random
import tarfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from infra.config import EndpointConfig
from localaws.account import LocalAccount
from monitoring_core.artifacts import make_baseline
from monitoring_core.dataset import Source, read_dataset
from tests.local.deploy.existing import put_endpoint

TRAINING_START = datetime(2013, 1, 1, tzinfo=UTC)
TRAINING_DAYS = 20
ROWS_PER_DAY = 50
_SERVED = "s3://served-models/model.tar.gz"

INFERENCE = b"""
def model_fn(model_dir):
    return None

def input_fn(body, content_type):
    return body.splitlines()

def predict_fn(rows, model):
    return [row.split(",")[0] for row in rows]
"""


def put_sources(account: LocalAccount, config: EndpointConfig) -> None:
    """Put everything that the configuration names into S3, and the endpoint that Model Monitor wants to see."""
    for uri, body in _sources(config).items():
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        if bucket not in _buckets(account):
            account.client("s3").create_bucket(Bucket=bucket)
        account.client("s3").put_object(Bucket=bucket, Key=key, Body=body)
    if any(monitor.runtime == "managed" for monitor in config.monitors) and config.existing:
        put_endpoint(account, config, _SERVED)


def rows(seed: int, columns: Iterable[str], n: int) -> list[list[str]]:
    """Return rows in which every column is a number between 0 and 100."""
    random_numbers = random.Random(seed)  # noqa: S311 - test data
    width = len(list(columns))
    return [[f"{random_numbers.uniform(0, 100):.3f}" for _ in range(width)] for _ in range(n)]


def as_csv(lines: Iterable[Iterable[str]]) -> bytes:
    """Write rows as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue().encode()


def served_archive() -> bytes:
    """Return a model archive that answers each row with its first column."""
    return _archive({"code/inference.py": INFERENCE})


def _sources(config: EndpointConfig) -> Mapping[str, bytes]:
    found: dict[str, bytes] = {}
    model = {"code/inference.py": INFERENCE, "model.json": _linear_model(config)}
    if config.existing:
        found[_SERVED] = _archive(model)
    if config.created:
        found |= {str(variant.model.artifact): _archive(model) for variant in config.created.variants}
    if config.retraining and config.retraining.training:
        found[config.retraining.training.code] = _archive({"train.py": b""})
    if config.baseline.dataset:
        labelled = any(monitor.needs_labels and not monitor.dataset for monitor in config.monitors)
        found[config.baseline.dataset] = _labelled_set(config) if labelled else _training_set(config)
    explained = [monitor for monitor in config.monitors if monitor.kind == "model-explainability"]
    found |= {str(one.model_file): _archive({"model.json": _linear_model(config)}) for one in explained} | found
    if config.baseline.statistics and config.baseline.constraints:
        found |= _existing_baseline(config, config.baseline.statistics, config.baseline.constraints)
    found |= {monitor.dataset: _labelled_set(config) for monitor in config.monitors if monitor.dataset}
    return found


def _linear_model(config: EndpointConfig) -> bytes:
    weights = dict.fromkeys(config.columns.features, 0.01)
    return json.dumps({"kind": "logistic", "weights": weights}).encode()


def _labelled_set(config: EndpointConfig) -> bytes:
    """Return the training set with probabilities, labels, and every other row in the disadvantaged groups."""
    header, *lines = csv.reader(io.StringIO(_training_set(config).decode()))
    facets = [facet for monitor in config.monitors if monitor.kind == "model-bias" for facet in monitor.facets]
    rows = [dict(zip(header, line, strict=True)) for line in lines]
    for number, row in enumerate(rows):
        row |= {output: f"{float(row[output]) / 100:.5f}" for output in config.columns.outputs}
        row |= {facet.column: str(facet.equals[0]) if number % 2 else _another(facet.equals[0]) for facet in facets}
        row[config.data_schema.label or "label"] = str(number % 3 % 2)
    return as_csv([rows[0], *(row.values() for row in rows)])


def _another(group: object) -> str:
    return "another" if isinstance(group, str) else "0"


def _training_set(config: EndpointConfig) -> bytes:
    columns = [*config.columns.outputs, *config.columns.features] or ["amount", "age"]
    time = config.baseline.time_column
    header = [*columns, *filter(None, [time])]
    lines = rows(1, columns, TRAINING_DAYS * ROWS_PER_DAY)
    if time:
        lines = [
            [*line, f"{TRAINING_START + timedelta(days=number // ROWS_PER_DAY):%Y-%m-%dT%H:%M:%SZ}"]
            for number, line in enumerate(lines)
        ]
    return as_csv([header, *lines])


def _existing_baseline(config: EndpointConfig, statistics: str, constraints: str) -> Mapping[str, bytes]:
    body, spec = _training_set(config), config.monitors[0].spec(config.data_schema)
    made = make_baseline(
        spec,
        read_dataset(Source("train.csv", body)),
        model=config.name,
        dataset="train.csv",
        dataset_sha256="0" * 64,
        created_at=TRAINING_START,
    )
    return {statistics: made.files["statistics.json"], constraints: made.files["constraints.json"]}


def _archive(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def _buckets(account: LocalAccount) -> set[str]:
    return {bucket["Name"] for bucket in account.client("s3").list_buckets()["Buckets"]}
