"""Generate the retraining pipeline's definition with the SageMaker SDK.

``python -m infra.retraining.definition --check`` compares the committed ``pipeline.json`` with what the SDK renders
now; ``--write`` replaces it. Everything that belongs to an account, a bucket or a model is a pipeline parameter, so the
definition is the same for everybody. Only this module imports the SDK, which is heavy, and which wants an S3 endpoint
while it renders: moto stands in.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")  # the SDK reads it at import
os.environ.setdefault("SAGEMAKER_VALIDATE_ROLE", "false")

import boto3
from moto import mock_aws
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.mlops.workflow.pipeline import Pipeline

from infra.retraining import parameters, registration, steps
from infra.retraining.load import DEFINITION

NO_TELEMETRY = {"SchemaVersion": "1.0", "SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}}}


def render() -> str:
    """Render the definition as the committed file has it."""
    with _offline_session() as session:
        prepare, report = steps.prepare(session)
        train = steps.train(session, prepare)
        score = steps.score(session, prepare, train)
        evaluate, evaluation = steps.evaluate(session, prepare, train, score)
        baseline = steps.baseline(session, prepare, train, score)
        register = registration.register(session, train, score, evaluate, baseline)
        usable = steps.require_usable(prepare, report, [train, score, evaluate])
        decide = steps.decide(evaluate, evaluation, [baseline, register])
        pipeline = Pipeline(
            name="retraining",
            parameters=list(parameters.ALL),
            steps=[prepare, usable, decide],
            pipeline_experiment_config=None,  # SageMaker would make an experiment and a trial of every execution
            sagemaker_session=session,
        )
        text = pipeline.definition()
    for placeholder, parameter in steps.PLACEHOLDERS.items():
        text = text.replace(json.dumps(placeholder), json.dumps(parameter.expr))
    return json.dumps(_without_nulls(json.loads(text)), indent=2) + "\n"


def _without_nulls(value: Any) -> Any:
    """Leave out what the SDK writes as null: the service takes a key that is there for a value."""
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value] if isinstance(value, list) else value


@contextmanager
def _offline_session() -> Iterator[PipelineSession]:
    with mock_aws():
        boto_session = boto3.Session("offline", "offline", region_name=steps.PLACEHOLDER_REGION)
        yield PipelineSession(boto_session=boto_session, default_bucket="unused", sagemaker_config=NO_TELEMETRY)


def main() -> None:
    """Compare the committed definition with a fresh one, or replace it."""
    parser = argparse.ArgumentParser(description=__doc__)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--check", action="store_true", help="fail if the committed definition is out of date")
    action.add_argument("--write", action="store_true", help="replace the committed definition")
    options = parser.parse_args()
    fresh = render()
    if options.write:
        DEFINITION.write_text(fresh)
    elif not DEFINITION.exists() or DEFINITION.read_text() != fresh:
        parser.exit(1, f"{DEFINITION} is out of date; run `python -m infra.retraining.definition --write`\n")


if __name__ == "__main__":
    main()
