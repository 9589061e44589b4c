from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import boto3

Cli = Callable[..., subprocess.CompletedProcess[str]]
ROLE = "arn:aws:iam::123456789012:role/jobs"
CONFIG = """
endpoint: { name: churn-prod, existing: true }
capture: { destination: s3://churn-monitoring/datacapture/ }
schema:
  { problem: binary-classification, outputs: [p], features: [x, senior], probability: p, label: y }
ground_truth: { prefix: s3://churn-monitoring/labels/ }
baseline: { dataset: s3://data/train.csv }
monitors:
  - { kind: data-quality, runtime: function }
  - { kind: model-bias, runtime: function, facets: [{ column: senior, equals: [1] }] }
"""


def test_a_job_is_started_waited_for_and_its_files_are_told(cli: Cli, s3: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "monitoring.yaml").write_text(CONFIG)
    words = ("-c", "monitoring.yaml", "--role", ROLE, "--monitor", "model-bias", "-o", "s3://data/out", "--json")
    done = cli("job", *words, env=s3)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["status"], said["files"]) == ("Completed", ["s3://data/out/analysis_config.json"])
    told = json.loads(boto3.client("s3").get_object(Bucket="data", Key="out/analysis_config.json")["Body"].read())
    assert told["facet"] == [{"name_or_index": "senior", "value_or_threshold": [1]}]
    job = boto3.client("sagemaker").describe_processing_job(ProcessingJobName=said["job"])
    assert "sagemaker-clarify-processing" in job["AppSpecification"]["ImageUri"]
    assert job["ProcessingInputs"][0]["S3Input"]["S3Uri"] == "s3://data/train.csv"


def test_of_several_monitors_one_must_be_chosen(cli: Cli, s3: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "monitoring.yaml").write_text(CONFIG)
    done = cli("job", "-c", "monitoring.yaml", "--role", ROLE, "-o", "s3://data/out", env=s3)
    assert done.returncode == 2
    assert "data-quality, model-bias" in done.stderr
