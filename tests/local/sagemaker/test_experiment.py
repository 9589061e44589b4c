"""A deployed A/B test with real traffic: the better variant is given all of it, step by step."""

from __future__ import annotations

import csv
import io
import json
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from localaws.account import LocalAccount
from tests.local.deploy.toolkit import CDK, ROOT, deploy_file
from tests.local.permissions.book import check
from tests.local.sagemaker.conftest import Bench

pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.xdist_group("experiment")]

ENDPOINT = "tested-prod"
START = datetime(2013, 3, 1, 8, 30, tzinfo=UTC)
MODEL = """{image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/price:1", artifact: "s3://prices/NAME.tar.gz",
          environment: {SAGEMAKER_PROGRAM: inference.py, SAGEMAKER_SUBMIT_DIRECTORY: /opt/ml/model/code}}"""
CONFIG = f"""
endpoint:
  name: {ENDPOINT}
  create:
    variants:
      - name: champion
        model: {MODEL.replace("NAME", "champion")}
      - name: challenger
        model: {MODEL.replace("NAME", "challenger")}
schema: {{problem: regression, outputs: [p], prediction: p, features: [size, age], label: price}}
baseline: {{dataset: s3://prices/train.csv}}
ground_truth: {{lag: 10m}}
monitors: [{{kind: data-quality, variant: challenger}}]
experiment:
  name: closer
  control: champion
  metric: {{name: absolute_error}}
  guardrails: [{{name: p, better: higher, tolerance: 1}}]
  schedule: every 10 minutes
  min_n: 30
  min_duration: 20m
  policy: {{on_winner: ramp, steps: [0.75, 1.0], step_duration: 10m, on_harm: stop}}
runtime: {{on_delete: destroy}}
"""
INFERENCE = """
import os

def model_fn(model_dir):
    return float(open(os.path.join(model_dir, "weight.txt")).read())

def input_fn(body, content_type):
    return [[float(cell) for cell in line.split(",")] for line in body.splitlines()]

def predict_fn(data, model):
    return [model * row[0] for row in data]

def output_fn(prediction, accept):
    return "".join(f"{value}\\n" for value in prediction)
"""


@dataclass
class Shop:
    """The deployed stack, and its callers."""

    account: LocalAccount
    folder: Path
    bucket: str = ""
    chance: random.Random = field(default_factory=lambda: random.Random(5))  # noqa: S311 - a simulation
    calls: int = 0

    def client(self, service: str) -> Any:
        return self.account.client(service)

    def deploy(self) -> None:
        file = self.folder / "monitoring.yaml"
        file.write_text(CONFIG)
        outputs = deploy_file(self.account, file, ENDPOINT)
        self.bucket = outputs["BucketName"]
        self.client("sns").subscribe(TopicArn=outputs["TopicArn"], Protocol="email", Endpoint="people@example.com")
        self.account.settle()

    def sell(self, sales: int) -> Counter[str]:
        """Ask for prices, and tell what was paid; return how often each variant has answered."""
        runtime, lines, answered = self.client("sagemaker-runtime"), [], Counter[str]()
        for _ in range(sales):
            self.calls += 1
            size, id_ = self.chance.randint(50, 150), f"sale-{self.calls}"
            answer = runtime.invoke_endpoint(
                EndpointName=ENDPOINT, ContentType="text/csv", Body=f"{size},3".encode(), InferenceId=id_
            )
            answered[answer["InvokedProductionVariant"]] += 1
            paid = size * self.chance.gauss(1.0, 0.1)
            lines.append(
                {
                    "groundTruthData": {"data": f"{paid:.2f}", "encoding": "CSV"},
                    "eventMetadata": {"eventId": id_},
                    "eventVersion": "0",
                }
            )
        key = f"ground-truth/{ENDPOINT}/{self.account.now:%Y/%m/%d/%H}/{self.calls}.jsonl"
        self.client("s3").put_object(Bucket=self.bucket, Key=key, Body="\n".join(map(json.dumps, lines)).encode())
        return answered

    def pass_window(self) -> None:
        self.account.advance_to(self.account.now + timedelta(minutes=1))
        self.sell(90)
        self.account.advance_to(self.account.now + timedelta(minutes=9))

    @property
    def weights(self) -> dict[str, float]:
        found = self.client("sagemaker").describe_endpoint(EndpointName=ENDPOINT)["ProductionVariants"]
        return {one["VariantName"]: one["CurrentWeight"] for one in found}

    def status(self) -> dict[str, Any]:
        """What ``watchkeeper experiment status`` says."""
        file = str(self.folder / "monitoring.yaml")
        command = [sys.executable, "-m", "watchkeeper", "experiment", "status", "--config", file, "--json"]
        done = subprocess.run(  # noqa: S603 - our own program
            command, cwd=ROOT, env=self.account.environment(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        return told


def training_data() -> str:
    chance, text = random.Random(1), io.StringIO()  # noqa: S311 - a simulation
    writer = csv.writer(text)
    writer.writerow(["size", "age", "p", "price"])
    for _ in range(300):
        size = chance.randint(50, 150)
        writer.writerow([size, 3, size, size])
    return text.getvalue()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    if not CDK.exists() or shutil.which("node") is None:
        pytest.skip("the CDK CLI is not installed: run npm ci")
    with LocalAccount(start=START) as account:
        shop = Shop(account, tmp_path_factory.mktemp("experiment"))
        s3 = account.client("s3")
        s3.create_bucket(Bucket="prices")
        s3.put_object(Bucket="prices", Key="train.csv", Body=training_data().encode())
        for name, weight in {"champion": 0.8, "challenger": 1.0}.items():
            body = Bench.archive({"weight.txt": str(weight), "code/inference.py": INFERENCE})
            s3.put_object(Bucket="prices", Key=f"{name}.tar.gz", Body=body)
        shop.deploy()
        yield shop
        assert account.failures() == []


def test_the_better_variant_is_ramped_until_it_has_all_the_traffic(shop: Shop) -> None:
    assert shop.weights == {"champion": 1.0, "challenger": 1.0}
    seen: list[float] = []
    while shop.weights["champion"] and shop.calls < 1000:
        shop.pass_window()
        share = shop.weights["challenger"] / sum(shop.weights.values())
        seen += [] if seen and seen[-1] == share else [share]

    assert seen == [0.5, 0.75, 1.0]
    subjects = [str(message["subject"]) for message in shop.account.messages()]
    told = [subject for subject in subjects if "experiment" in subject]
    assert told == [f"{ENDPOINT}: experiment closer: challenger is better"] * 2
    status = shop.status()
    assert (status["outcome"], status["winner"], status["is_over"]) == ("Winner", "challenger", True)
    assert shop.sell(20) == {"challenger": 20}


def test_no_role_has_done_what_its_policies_do_not_allow(shop: Shop) -> None:
    check("experiment", shop.account.permissions())
