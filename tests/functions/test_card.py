"""The model card after runs: the latest evaluation of each monitor, once a day, and nothing of other people's lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import jsonschema
import pytest

from functions.card.content import with_run
from functions.card.evaluation import MAX_METRICS, evaluation_of, is_news
from functions.card.handler import handler
from functions.common import model_card
from functions.common.contract import Engine, Manifest, MonitorRunCompleted, Status
from functions.common.model_card import MAX_CONTENT, Content, change_card
from monitoring_core.checks.codec import dump_evaluation
from monitoring_core.checks.evaluation import Bound, Constraint, Evaluation, Measurement, Subject, check_all
from monitoring_core.window import Window

from .conftest import BUCKET, ENDPOINT

NOON = datetime(2013, 4, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CARD = ENDPOINT
ROLE = "arn:aws:iam::111122223333:role/r"
MODEL = f"arn:aws:sagemaker:us-east-1:123456789012:model/{ENDPOINT}-model"
OURS: Content = {
    "model_overview": {"model_name": ENDPOINT, "model_artifact": ["s3://b/model.tar.gz"]},
    "intended_uses": {"risk_rating": "Medium"},
}
Publish = Callable[..., dict[str, str]]


def found_checks(columns: int = 2) -> Evaluation:
    measured = [Measurement("auc", 0.61, 900), Measurement("accuracy", 0.9, 900), Measurement("f1", float("nan"), 900)]
    drifts = [Measurement("linf", 0.1 * i, 900, Subject(f"c{i}")) for i in range(columns)]
    limits = [Constraint("linf", Bound(upper=0.15), Subject(f"c{i}"), check_type="drift") for i in range(columns)]
    return check_all("mq", 900, [*measured, *drifts], [Constraint("auc", Bound(lower=0.7)), *limits])


def manifest(end: datetime = NOON, **changes: Any) -> Manifest:
    facts: dict[str, Any] = {
        "run_id": f"{ENDPOINT}/data-quality/{end:%d%H}",
        "endpoint": ENDPOINT,
        "monitor": "data-quality",
        "schedule": f"{ENDPOINT}-data-quality",
        "window": Window(end - HOUR, end),
        "status": Status.COMPLETED,
        "violations": 0,
        "rows": 900,
        "engine": Engine.FUNCTION,
        "engine_reason": "",
        "report": "s3://b/report.html",
    }
    return Manifest.model_validate({**facts, **changes})


@pytest.fixture
def sagemaker(s3: Any, monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ARG001 - the bucket
    """An endpoint with its model, and the card as the stack makes it."""
    for name, value in {"MODEL_CARD": CARD, "MONITORS": '["data-quality", "model-quality"]'}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ENDPOINT", ENDPOINT)
    client = boto3.client("sagemaker")
    name = f"{ENDPOINT}-model"
    client.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "i"})
    variant = {"VariantName": "AllTraffic", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    client.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[{**variant, "InitialVariantWeight": 1}])
    client.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName="c")
    client.create_model_card(ModelCardName=CARD, Content=json.dumps(OURS), ModelCardStatus="Draft")
    return client


@pytest.fixture
def publish(s3: Any, sagemaker: Any, context: Any) -> Publish:  # noqa: ARG001 - the card
    """Leave a run in the bucket and hand its event to the function."""

    def run(end: datetime = NOON, **changes: Any) -> dict[str, str]:
        found = manifest(end, files={"evaluation.json": ""}, **changes)
        folder = f"reports/{ENDPOINT}/{found.schedule}/{end:%Y/%m/%d/%H}/"
        s3.put_object(Bucket=BUCKET, Key=f"{folder}evaluation.json", Body=dump_evaluation(found_checks()))
        s3.put_object(Bucket=BUCKET, Key=f"{folder}manifest.json", Body=found.model_dump_json().encode())
        event = MonitorRunCompleted.of(found, f"s3://{BUCKET}/{folder}manifest.json")
        answer: dict[str, str] = handler({"detail": event.model_dump(mode="json")}, context)
        return answer

    return run


def latest(sagemaker: Any) -> tuple[int, dict[str, Any]]:
    card = sagemaker.describe_model_card(ModelCardName=CARD)
    return card["ModelCardVersion"], json.loads(card["Content"])


@pytest.fixture
def schema() -> dict[str, Any]:
    """Amazon's schema, with the four fields that only its public variant has."""
    path = Path(__file__).parents[3] / "shared" / "conformance" / "reference" / "model_card_schema.json"
    if not path.exists():
        pytest.skip(f"Amazon's schema of model cards is not at {path}")
    found: dict[str, Any] = json.loads(path.read_text())
    text = {"type": "string", "maxLength": 1024}
    more = dict.fromkeys(("model_id", "model_name"), text) | {"model_version": {"type": "number"}}
    found["properties"]["model_overview"]["properties"] |= more
    found.pop("$id")
    return found


def test_a_run_is_shown_with_what_it_measured(publish: Publish, sagemaker: Any, schema: dict[str, Any]) -> None:
    assert publish(status=Status.COMPLETED_WITH_VIOLATIONS, violations=1)
    _, content = latest(sagemaker)
    jsonschema.validate(content, schema)
    (shown,) = content["evaluation_details"]
    assert shown["name"] == "Monitor data-quality"
    assert shown["evaluation_observation"].startswith("900 rows from 2013-04-01 11:00 to 2013-04-01 12:00 UTC")
    run, measured = shown["metric_groups"]
    assert {"name": "violations", "type": "number", "value": 1} in run["metric_data"]
    auc, *_ = measured["metric_data"]
    assert auc == {"name": "auc", "type": "number", "value": 0.61, "notes": "violated; at least 0.7"}
    assert [one["name"] for one in measured["metric_data"]] == ["auc", "linf, c0", "linf, c1", "accuracy"]
    assert content["intended_uses"] == OURS["intended_uses"]


def test_the_card_names_the_model_that_the_endpoint_serves(publish: Publish, sagemaker: Any) -> None:
    publish()
    assert latest(sagemaker)[1]["model_overview"] == {**OURS["model_overview"], "model_id": MODEL}


def test_the_same_verdict_is_shown_once_a_day_and_another_at_once(publish: Publish, sagemaker: Any) -> None:
    publish()
    version, _ = latest(sagemaker)
    for again in (NOON, NOON + HOUR, NOON - HOUR):  # once more, an hour later, late
        assert not publish(again)
    assert latest(sagemaker)[0] == version
    assert publish(NOON + 2 * HOUR, status=Status.COMPLETED_WITH_VIOLATIONS, violations=2)
    assert publish(NOON + 24 * HOUR, status=Status.COMPLETED_WITH_VIOLATIONS, violations=3)
    assert latest(sagemaker)[0] == version + 2


def test_every_monitor_of_today_has_its_own_evaluation(
    publish: Publish, sagemaker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish()
    publish(monitor="model-quality")
    assert [one["name"] for one in latest(sagemaker)[1]["evaluation_details"]] == [
        "Monitor data-quality",
        "Monitor model-quality",
    ]
    monkeypatch.setenv("MONITORS", '["model-quality"]')
    assert not publish(NOON + 24 * HOUR)
    publish(NOON + 24 * HOUR, monitor="model-quality")
    assert [one["name"] for one in latest(sagemaker)[1]["evaluation_details"]] == ["Monitor model-quality"]


def test_a_run_without_a_verdict_leaves_the_card_alone(publish: Publish, sagemaker: Any) -> None:
    assert not publish(status=Status.NO_DATA)
    assert latest(sagemaker) == (1, OURS)


def test_what_people_wrote_stays(publish: Publish, sagemaker: Any) -> None:
    theirs = {"name": "Audit 2013", "evaluation_observation": "By hand."}
    written = {**OURS, "business_details": {"line_of_business": "air"}, "evaluation_details": [theirs]}
    sagemaker.update_model_card(ModelCardName=CARD, Content=json.dumps(written))
    publish()
    _, content = latest(sagemaker)
    assert content["business_details"] == written["business_details"]
    assert theirs in content["evaluation_details"]


def test_what_a_deployment_of_the_stack_wrote_over_comes_back(publish: Publish, sagemaker: Any) -> None:
    publish(monitor="model-quality")
    _, content = latest(sagemaker)
    written = {**content, "business_details": {"line_of_business": "air"}}
    sagemaker.update_model_card(ModelCardName=CARD, Content=json.dumps(written))
    anew = {**OURS, "intended_uses": {"risk_rating": "High"}}
    sagemaker.update_model_card(ModelCardName=CARD, Content=json.dumps(anew))
    publish()
    _, content = latest(sagemaker)
    assert content["intended_uses"] == {"risk_rating": "High"}
    assert content["business_details"] == written["business_details"]
    assert len(content["evaluation_details"]) == 2


def test_an_archived_card_is_left_alone(publish: Publish, sagemaker: Any) -> None:
    sagemaker.update_model_card(ModelCardName=CARD, ModelCardStatus="Archived", Content=json.dumps(OURS))
    assert not publish()
    assert latest(sagemaker) == (2, OURS)


class Meanwhile:
    """SageMaker, with somebody who changes the card right before or after the first update that goes through it."""

    def __init__(self, inner: Any, *, before: Content | None = None, after: Content | None = None) -> None:
        self._inner = inner
        self._writes: dict[str, Iterator[Content]] = {
            "before": iter([before] if before else []),
            "after": iter([after] if after else []),
        }

    def describe_model_card(self, **asked: Any) -> Any:
        return self._inner.describe_model_card(**asked)

    def update_model_card(self, **asked: Any) -> None:
        self._write("before")
        self._inner.update_model_card(**asked)
        self._write("after")

    def _write(self, when: str) -> None:
        for content in self._writes[when]:
            self._inner.update_model_card(ModelCardName=CARD, Content=json.dumps(content))


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_change_at_the_same_time_is_not_lost(when: str, sagemaker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = {**OURS, "business_details": {"line_of_business": "air"}}
    busy = Meanwhile(sagemaker, **{when: theirs})
    monkeypatch.setattr(model_card, "client", lambda _: busy)
    shown = evaluation_of(manifest(), "s3://b/manifest.json", None)
    assert change_card(CARD, lambda content: with_run(content, manifest(), shown, ["data-quality"], MODEL))
    _, content = latest(sagemaker)
    assert content["business_details"] == theirs["business_details"]
    assert content["evaluation_details"] == [shown]


@pytest.mark.parametrize(("written", "groups"), [(0, 2), (90_000, 1), (99_000, 0), (99_600, None)])
def test_a_card_never_grows_beyond_what_sagemaker_takes(
    written: int, groups: int | None, schema: dict[str, Any]
) -> None:
    theirs = {"name": "By hand", "metadata": {str(i): "x" * 100 for i in range(written // 111)}}
    content: Content = {**OURS, "evaluation_details": [theirs]}
    checks = found_checks(columns=1000)
    for monitor in ("data-quality", "model-quality"):
        run = manifest(monitor=monitor)
        shown = evaluation_of(run, "s3://b/manifest.json", checks)
        assert len(shown["metric_groups"][1]["metric_data"]) == MAX_METRICS
        content = with_run(content, run, shown, ["data-quality", "model-quality"], MODEL)
    kept, *ours = content["evaluation_details"]
    assert kept == theirs
    assert len(json.dumps(content)) <= MAX_CONTENT
    assert {len(one.get("metric_groups", ())) for one in ours} == (set() if groups is None else {groups})
    jsonschema.validate(content, schema)


def test_a_later_revision_of_a_window_is_news_and_an_earlier_one_is_not() -> None:
    shown = evaluation_of(manifest(revision=2), "s3://b/manifest.json", None)
    assert [is_news(shown, manifest(revision=n)) for n in (1, 2, 3)] == [False, False, True]
