"""Half a day of captured requests with labels, bad records and neighbours, as objects in S3."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np

from functions.common.baselines import BaselineStore, Pointer
from functions.common.clients import client
from functions.common.contract import Pass, PlanInput, RunSpec, Runtime
from functions.plan.planning import plan_passes
from monitoring_core.artifacts import make_baseline
from monitoring_core.dataset import Source, read_dataset
from monitoring_core.spec import (
    ColumnSelection,
    DataQualitySpec,
    MetricLimit,
    ModelBiasSpec,
    ModelQualitySpec,
    MonitorSpec,
    ProblemType,
    SchemaSpec,
)

BUCKET = "watch-bucket"
DAY = datetime(2013, 4, 1, tzinfo=UTC)
COLUMNS = SchemaSpec(outputs=("p",), features=("x", "origin"), label="y")
EVENTS, HOURS = 600, 12
SPECS: tuple[MonitorSpec, ...] = (
    DataQualitySpec(columns=COLUMNS),
    ModelQualitySpec(
        columns=COLUMNS,
        problem_type=ProblemType.BINARY,
        probability_attribute="p",
        ground_truth_attribute="y",
        constraints={"accuracy": MetricLimit(at_least=0.99)},
    ),
    ModelBiasSpec(
        columns=COLUMNS,
        label=ColumnSelection(column="y", equals=("1",)),
        facets=(ColumnSelection(column="origin", equals=("EWR",)),),
        probability="p",
    ),
)
LABELLED = {"ground_truth_prefixes": (f"s3://{BUCKET}/labels/",), "lag_seconds": 3600}


def run_of(spec: MonitorSpec) -> RunSpec:
    labelled = not isinstance(spec, DataQualitySpec)
    return RunSpec.model_validate(
        {
            "endpoint": "ep",
            "monitor": spec.name,
            "schedule": f"ep-{spec.name}",
            "bucket": BUCKET,
            "capture_prefix": f"s3://{BUCKET}/capture/ep/",
            "period_seconds": 86_400,
            "spec": spec,
            **(LABELLED if labelled else {}),
        }
    )


def events(n: int, shift: float) -> list[tuple[float, float, str, int]]:
    random = np.random.default_rng(7)
    scores, values = random.uniform(0, 1, n).round(3), (random.normal(size=n) + shift).round(3)
    origins, chances = random.choice(["EWR", "JFK", "LGA"], n), random.uniform(0, 1, n)
    return [
        (float(p), float(x), str(origin), int(chance < p))
        for p, x, origin, chance in zip(scores, values, origins, chances, strict=True)
    ]


def put(key: str, lines: list[str]) -> None:
    client("s3").put_object(Bucket=BUCKET, Key=key, Body="".join(line + "\n" for line in lines).encode())


def put_everything() -> None:
    """Write capture, labels and baselines; every fourth hour has a record that cannot be read."""
    client("s3").create_bucket(Bucket=BUCKET)
    happened = events(EVENTS, shift=0.8)
    per_hour = EVENTS // HOURS
    for hour in range(HOURS):
        lines = [
            captured(i, DAY + timedelta(hours=hour, seconds=i % per_hour), happened[i])
            for i in range(hour * per_hour, (hour + 1) * per_hour)
        ]
        lines += ["garbage"] if hour % 4 == 0 else []
        put(f"capture/ep/AllTraffic/{DAY:%Y/%m/%d}/{hour:02}/00-00-000-a.jsonl", lines)
    before, after = DAY - timedelta(minutes=10), DAY + timedelta(days=1, minutes=10)
    late = [captured(n, DAY + timedelta(seconds=n), happened[n]) for n in range(5)]
    put(f"capture/ep/AllTraffic/{before:%Y/%m/%d/%H/%M-%S}-000-a.jsonl", [*late, "garbage of another day"])
    put(f"capture/ep/AllTraffic/{after:%Y/%m/%d/%H/%M-%S}-000-a.jsonl", [captured(1, after, happened[1])])
    labels = [label(f"e{i}", happened[i][3]) for i in range(EVENTS) if i % 10]
    put("labels/2013/04/01/23/0000.jsonl", [*labels, label("nobody", 1), "garbage"])
    put("labels/2013/04/02/00/0000.jsonl", [label(f"e{i}", 1) for i in range(0, 60, 3)])
    for spec in SPECS:
        put_baseline(run_of(spec))


def put_baseline(run: RunSpec) -> None:
    labelled = bool(run.ground_truth_prefixes)
    head = "p,x,origin,y" if labelled else "p,x,origin"
    rows = [f"{p},{x},{origin},{y}" if labelled else f"{p},{x},{origin}" for p, x, origin, y in events(3000, 0.0)]
    made = make_baseline(
        run.spec,
        read_dataset(Source("train.csv", "\n".join([head, *rows]).encode())),
        model="m",
        dataset="d",
        dataset_sha256="0",
        created_at=DAY,
    )
    store = BaselineStore(run.baselines)
    store.save(made)
    store.move(Pointer(baseline_id=made.baseline_id, model="m", moved_at=DAY))


def captured(number: int, at: datetime, event: tuple[float, float, str, int]) -> str:
    p, x, origin, _ = event
    sides = {"endpointInput": ("INPUT", f"{x},{origin}"), "endpointOutput": ("OUTPUT", str(p))}
    data = {
        side: {"data": text, "mode": mode, "encoding": "CSV", "observedContentType": "text/csv"}
        for side, (mode, text) in sides.items()
    }
    metadata = {"eventId": f"e{number}", "inferenceTime": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
    return json.dumps({"captureData": data, "eventMetadata": metadata, "eventVersion": "0"})


def label(event: str, value: int) -> str:
    data = {"data": str(value), "encoding": "CSV"}
    return json.dumps({"groundTruthData": data, "eventMetadata": {"eventId": event}, "eventVersion": "0"})


def plan(engine: Runtime) -> tuple[Pass, ...]:
    """Plan the day for all monitors, on one engine."""
    asked = {
        "runs": {spec.name: run_of(spec).model_copy(update={"runtime": engine}) for spec in SPECS},
        "request": {"window": f"{DAY:%Y-%m-%dT%H:%M:%SZ}/{DAY + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"},
        "engines": ("function", "spark"),
        "execution": engine,
    }
    return tuple(plan_passes(PlanInput.model_validate(asked)))
