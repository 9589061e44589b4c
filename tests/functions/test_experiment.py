"""A run of an experiment, against moto: what it reads, what it decides, and that it does so once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import numpy as np
import pytest
from moto.backends import get_backend

from functions.common.storage import list_objects, read
from functions.experiment import acting, reading
from functions.experiment.handler import handler
from functions.experiment.log import StepLog
from functions.experiment.spec import ExperimentSpec, Policy
from monitoring_core.errors import ConfigError
from monitoring_core.experiments.plan import Guardrail, Metric, Predictions, Rules
from monitoring_core.experiments.verdict import Outcome
from monitoring_core.spec import SchemaSpec

from .conftest import BUCKET, ENDPOINT, Context

HOUR = timedelta(hours=1)
ROLE = "arn:aws:iam::111122223333:role/r"


@dataclass
class Rig:
    """An endpoint with two variants, its capture and labels, and the experiment on it."""

    spec: ExperimentSpec
    topic: str
    begin: datetime

    def weights(self) -> dict[str, float]:
        found = boto3.client("sagemaker").describe_endpoint(EndpointName=ENDPOINT)["ProductionVariants"]
        return {one["VariantName"]: one["DesiredWeight"] for one in found}

    def serve(self, hour: int, n: int = 600, *, right: dict[str, float], split: float = 0.5) -> None:
        """Write what an hour has seen: `n` events, and how often each variant was right."""
        start = self.begin + hour * HOUR
        for variant, share in {"champion": 1 - split, "challenger": split}.items():
            rng = np.random.default_rng([hour, len(variant)])
            served = round(n * share)
            hits = rng.random(served) < right[variant]
            moments = [start + timedelta(seconds=i % 3599) for i in range(served)]
            ids = [f"{variant}-{hour}-{i}" for i in range(served)]
            lines = [
                event(id_, time, f"{'0.9' if hit else '0.1'}")
                for id_, time, hit in zip(ids, moments, hits, strict=True)
            ]
            put(f"capture/{ENDPOINT}/{variant}/{start:%Y/%m/%d/%H}/00-00-000-a.jsonl", lines)
            put(f"ground-truth/{ENDPOINT}/{start:%Y/%m/%d/%H}/{variant}.jsonl", [label(id_) for id_ in ids])

    def run(self, hour: int, **changes: Any) -> dict[str, Any]:
        """Run when the `hour`-th window is over."""
        asked = {
            "experiment": self.spec.model_copy(update=changes).model_dump(mode="json"),
            "scheduled_time": (self.begin + (hour + 1) * HOUR + timedelta(minutes=10)).isoformat(),
        }
        answer: dict[str, Any] = handler(asked, Context())
        return answer

    def told(self) -> list[str]:
        """Subjects of the messages so far."""
        sent = get_backend("sns")["123456789012"]["us-east-1"].topics[self.topic].sent_notifications
        return [str(one[2]) for one in sent]


def event(id_: str, time: datetime, score: str) -> dict[str, Any]:
    def side(data: str, mode: str) -> dict[str, str]:
        return {"observedContentType": "text/csv", "mode": mode, "data": data, "encoding": "CSV"}

    return {
        "captureData": {"endpointInput": side("7", "INPUT"), "endpointOutput": side(score, "OUTPUT")},
        "eventMetadata": {"eventId": id_, "inferenceTime": f"{time:%Y-%m-%dT%H:%M:%SZ}"},
        "eventVersion": "0",
    }


def label(id_: str) -> dict[str, Any]:
    return {
        "groundTruthData": {"data": "1", "encoding": "CSV"},
        "eventMetadata": {"eventId": id_},
        "eventVersion": "0",
    }


def put(key: str, lines: list[dict[str, Any]]) -> None:
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body="\n".join(map(json.dumps, lines)).encode())


def deploy(config: str, weights: dict[str, float]) -> None:
    sagemaker = boto3.client("sagemaker")
    variants = [
        {
            "VariantName": name,
            "ModelName": "m",
            "InitialInstanceCount": 1,
            "InstanceType": "ml.m5.large",
            "InitialVariantWeight": weight,
        }
        for name, weight in weights.items()
    ]
    sagemaker.create_endpoint_config(EndpointConfigName=config, ProductionVariants=variants)


@pytest.fixture
def rig(s3: Any, monkeypatch: pytest.MonkeyPatch) -> Rig:  # noqa: ARG001 - inside the mocked account
    sagemaker = boto3.client("sagemaker")
    sagemaker.create_model(ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "i"})
    deploy("first", {"champion": 1.0, "challenger": 1.0})
    sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName="first")
    topic = boto3.client("sns").create_topic(Name="t")["TopicArn"]
    monkeypatch.setenv("TOPIC_ARN", topic)
    monkeypatch.setenv("RUNBOOK_URL", "https://example.com/runbook")
    spec = ExperimentSpec(
        endpoint=ENDPOINT,
        name="new-model",
        bucket=BUCKET,
        capture_prefix=f"s3://{BUCKET}/capture/{ENDPOINT}/",
        period_seconds=3600,
        ground_truth_prefixes=(f"s3://{BUCKET}/ground-truth/{ENDPOINT}/",),
        columns=SchemaSpec(outputs=("score",), features=("temp",), label="late"),
        predictions=Predictions(probability="score", label="late"),
        rules=Rules(control="champion", metric=Metric(name="correct"), min_duration=2 * HOUR, max_duration=48 * HOUR),
        treatments=("challenger",),
        policy=Policy(on_winner="ramp", steps=(0.8, 1.0), step_duration=HOUR, on_harm="stop"),
    )
    begin = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + HOUR
    return Rig(spec, topic, begin)


BETTER = {"champion": 0.6, "challenger": 0.9}
WORSE = {"champion": 0.9, "challenger": 0.6}
SAME = {"champion": 0.8, "challenger": 0.8}


def serve_and_run(rig: Rig, hours: range, right: dict[str, float], split: float = 0.5) -> list[dict[str, Any]]:
    standings = []
    for hour in hours:
        rig.serve(hour, right=right, split=split)
        standings.append(rig.run(hour))
    return standings


def test_a_winner_is_ramped_step_by_step_and_wins_each_step_anew(rig: Rig) -> None:
    first = serve_and_run(rig, range(2), BETTER)

    assert [one["outcome"] for one in first] == ["Running", "Winner"]  # not before two hours
    assert rig.weights() == pytest.approx({"champion": 0.4, "challenger": 1.6})
    later = serve_and_run(rig, range(2, 5), BETTER, split=0.8)
    assert [one["outcome"] for one in later] == ["Running", "Winner", "Winner"]  # 200 values of each before
    assert (later[-1]["stage"], later[-1]["is_over"]) == (2, True)
    assert rig.weights() == pytest.approx({"champion": 0.0, "challenger": 2.0})
    assert rig.told() == ["flights-prod: experiment new-model: challenger is better"] * 2


def test_a_harmful_treatment_is_stopped_at_once(rig: Rig) -> None:
    (standing, *_) = serve_and_run(rig, range(1), WORSE)

    assert (standing["outcome"], standing["harmful"], standing["is_over"]) == ("Control", ["challenger"], True)
    assert rig.weights() == {"champion": 1.0, "challenger": 0.0}


def test_with_a_policy_of_telling_the_traffic_stays_as_it_is(rig: Rig) -> None:
    rig.serve(0, right=WORSE)
    rig.run(0, policy=Policy())

    assert rig.weights() == {"champion": 1.0, "challenger": 1.0}
    assert rig.told() == ["flights-prod: experiment new-model: no treatment is better"]


def test_running_again_for_the_same_time_changes_nothing(rig: Rig) -> None:
    serve_and_run(rig, range(2), BETTER)
    before = {item.uri: read(item.uri) for item in list_objects(rig.spec.prefix)}

    again = rig.run(1)

    assert again["outcome"] == "Running"  # the second stage has begun: nothing is known of it
    assert rig.told() == ["flights-prod: experiment new-model: challenger is better"]
    kept = [uri for uri in before if "/steps/" in uri or "/windows/" in uri or "/marks/" in uri]
    assert {uri: read(uri) for uri in kept} == {uri: before[uri] for uri in kept}
    assert len(StepLog(rig.spec.prefix).steps()) == 2


@pytest.mark.parametrize("crash", ["set_weights", "put_event", "compose"])
def test_what_a_crash_has_left_undone_the_next_run_does_once(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, crash: str
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("crash")

    serve_and_run(rig, range(1), BETTER)
    rig.serve(1, right=BETTER)
    with monkeypatch.context() as broken:
        broken.setattr(acting, crash, fail)
        with pytest.raises(RuntimeError, match="crash"):
            rig.run(1)

    rig.run(1)

    assert rig.weights() == pytest.approx({"champion": 0.4, "challenger": 1.6})
    assert rig.told() == ["flights-prod: experiment new-model: challenger is better"]
    assert len(StepLog(rig.spec.prefix).steps()) == 2


def test_of_two_runs_at_once_one_decides(rig: Rig) -> None:
    serve_and_run(rig, range(2), BETTER)
    log = StepLog(rig.spec.prefix)
    step = log.steps()[-1]

    assert not log.append(step.model_copy(update={"at": rig.begin}))


def test_windows_whose_run_was_lost_are_read_by_the_next(rig: Rig) -> None:
    rig.run(-1)
    for hour in range(4):
        rig.serve(hour, right=SAME)

    standing = rig.run(3)

    assert standing["events"] == {"champion": 1200, "challenger": 1200}


def test_a_run_reads_only_so_many_windows(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_WINDOWS", 2)
    rig.run(-1)
    for hour in range(3):
        rig.serve(hour, right=SAME)

    assert [rig.run(2)["events"]["champion"] for _ in range(2)] == [600, 900]


def test_events_without_a_label_count_for_the_split_only(rig: Rig) -> None:
    rig.serve(0, right=SAME)
    boto3.client("s3").delete_object(
        Bucket=BUCKET, Key=f"ground-truth/{ENDPOINT}/{rig.begin:%Y/%m/%d/%H}/challenger.jsonl"
    )

    standing = rig.run(0)

    assert standing["events"] == {"champion": 300, "challenger": 300}
    assert [(one["n_treatment"], one["n_control"]) for one in standing["comparisons"]] == [(0, 300)]
    assert standing["comparisons"][0]["low"] is None


def test_a_split_that_is_not_the_configured_one_ends_the_experiment(rig: Rig) -> None:
    rig.serve(0, 2000, right=SAME, split=0.3)

    standing = rig.run(0)

    assert (standing["outcome"], standing["is_over"]) == ("Invalid", True)
    assert "30.00% of wanted 50.00%" in standing["reason"]
    assert rig.weights() == {"champion": 1.0, "challenger": 1.0}


def test_weights_that_somebody_else_changes_end_the_experiment(rig: Rig) -> None:
    serve_and_run(rig, range(1), SAME)
    change = [{"VariantName": "champion", "DesiredWeight": 3.0}]
    boto3.client("sagemaker").update_endpoint_weights_and_capacities(
        EndpointName=ENDPOINT, DesiredWeightsAndCapacities=change
    )

    standing = rig.run(0)

    assert standing["outcome"] == "Invalid"
    assert "champion 75 %, challenger 25 % after champion 50 %, challenger 50 %" in standing["reason"]
    assert rig.told() == ["flights-prod: experiment new-model: invalid"]


def test_callers_who_choose_the_variant_themselves_are_held_to_their_own_split(rig: Rig) -> None:
    rig.serve(0, 2000, right=SAME, split=0.3)

    standing = rig.run(0, split={"champion": 0.7, "challenger": 0.3}, policy=Policy())

    assert standing["outcome"] == "Running"
    assert standing["sample_ratio_p_value"] == 1.0


def test_a_column_of_the_answer_is_compared_without_labels(rig: Rig) -> None:
    rig.serve(0, right=BETTER)
    rules = Rules(
        control="champion", metric=Metric(name="score"), guardrails=(Guardrail(name="temp"),), min_duration=HOUR / 2
    )

    standing = rig.run(0, rules=rules, ground_truth_prefixes=(), policy=Policy())

    assert standing["winner"] == "challenger"
    assert {one["metric"]: one["n_control"] for one in standing["comparisons"]} == {"score": 300, "temp": 300}


def test_a_variant_that_the_endpoint_does_not_have_is_an_error(rig: Rig) -> None:
    with pytest.raises(ConfigError, match="has no variant rival"):
        rig.run(0, treatments=("rival",))


def test_a_variant_without_traffic_is_an_error(rig: Rig) -> None:
    change = [{"VariantName": "challenger", "DesiredWeight": 0.0}]
    boto3.client("sagemaker").update_endpoint_weights_and_capacities(
        EndpointName=ENDPOINT, DesiredWeightsAndCapacities=change
    )

    with pytest.raises(ConfigError, match="challenger of flights-prod have weight 0"):
        rig.run(0)


def test_page_status_and_message_say_the_same(rig: Rig) -> None:
    serve_and_run(rig, range(2), BETTER)

    status = json.loads(read(f"{rig.spec.prefix}status.json"))
    page = read(f"{rig.spec.prefix}report.html").decode()

    assert (status["outcome"], status["winner"]) == (Outcome.WINNER, "challenger")
    assert "<h1>challenger is better</h1>" in page
    assert status["reason"] in page
    assert "splits as wanted" in page
