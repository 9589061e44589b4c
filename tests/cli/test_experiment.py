from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

Cli = Callable[..., Any]
CONFIG = """
endpoint: { name: offers, existing: true }
capture: { destination: s3://data/capture/ }
schema: { outputs: [score], features: [age] }
baseline: { dataset: s3://data/train.csv }
monitors: [{ kind: data-quality }]
experiment: { name: second, control: a, treatments: [b], metric: { name: score, better: higher } }
"""
STATUS = {
    "version": "1",
    "endpoint": "offers",
    "experiment": "second",
    "outcome": "Winner",
    "reason": "b is better in score",
    "winner": "b",
    "harmful": [],
    "is_over": True,
    "stage": 1,
    "since": "2013-04-01T00:00:00Z",
    "until": "2013-04-08T00:00:00Z",
    "weights": {"a": 1, "b": 3},
    "events": {"a": 1000, "b": 3010},
    "sample_ratio_p_value": 1.0,
    "comparisons": [
        {
            "treatment": "b",
            "metric": "score",
            "estimate": 0.1,
            "low": None,
            "high": None,
            "p_value": None,
            "n_treatment": 10,
            "n_control": 5,
        }
    ],
    "report": "s3://data/experiments/offers/second/report.html",
}


@pytest.fixture
def stack(s3: dict[str, str], tmp_path: Path) -> Iterator[dict[str, str]]:
    """The stack of a configuration, whose bucket is `data`."""
    (tmp_path / "monitoring.yaml").write_text(CONFIG)
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}, "Outputs": {"BucketName": {"Value": "data"}}}
    cloudformation = boto3.client("cloudformation")
    cloudformation.create_stack(StackName="Watchkeeper-offers", TemplateBody=json.dumps(template))
    yield s3
    cloudformation.delete_stack(StackName="Watchkeeper-offers")


def test_status_shows_what_is_known_and_a_dash_where_nothing_is(cli: Cli, stack: dict[str, str]) -> None:
    early = cli("experiment", "status", "-c", "monitoring.yaml", env=stack)
    assert early.returncode != 0
    assert "the experiment second has not been looked at yet" in early.stderr

    body = json.dumps(STATUS).encode()
    boto3.client("s3").put_object(Bucket="data", Key="experiments/offers/second/status.json", Body=body)
    done = cli("experiment", "status", "-c", "monitoring.yaml", env=stack)

    assert done.returncode == 0, done.stderr
    assert "offers: experiment second: Winner (over)" in done.stdout
    assert "a 25 %, b 75 %" in done.stdout
    assert "b\tscore\t0.1\t- to -\t-\t10 and 5" in done.stdout
    told = json.loads(cli("experiment", "status", "-c", "monitoring.yaml", "--json", env=stack).stdout)
    assert told == STATUS
