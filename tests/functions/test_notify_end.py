"""The end of a retraining, told: the event is Amazon's, the steps are what SageMaker lists."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.stub import Stubber

from functions.common import clients
from functions.notify.handler import handler

BUCKET = "watch-bucket"
PIPELINE = "arn:aws:sagemaker:us-east-1:123456789012:pipeline/flights-prod-retraining"
EXECUTION = f"{PIPELINE}/execution/p4jn9xou8a8s"
DECISIONS = {
    False: {"better": False, "reason": "AUC 0.710 < 0.740", "evidence": "a gain of -0.0300 AUC on 900 rows"},
    True: {"better": True, "reason": "AUC 0.763 against 0.752 is better beyond chance", "evidence": "a gain"},
}
Tell = Callable[..., tuple[str, str]]


def ended(status: str) -> dict[str, Any]:
    return {
        "version": "0",
        "id": "315c1398-40ff-a850-213b-158f73kd93ir",
        "detail-type": "SageMaker Model Building Pipeline Execution Status Change",
        "source": "aws.sagemaker",
        "account": "123456789012",
        "time": "2013-04-12T00:15:11Z",
        "region": "us-east-1",
        "resources": [PIPELINE, EXECUTION],
        "detail": {
            "pipelineExecutionDisplayName": "execution-1365725411",
            "currentPipelineExecutionStatus": status,
            "previousPipelineExecutionStatus": "Executing",
            "executionStartTime": "2013-04-12T00:10:00Z",
            "executionEndTime": "2013-04-12T00:15:10Z",
            "pipelineExecutionDescription": "Retraining of flights-prod for incident a@1",
            "pipelineArn": PIPELINE,
            "pipelineExecutionArn": EXECUTION,
        },
    }


def step(name: str, status: str = "Succeeded", **fields: Any) -> dict[str, Any]:
    return {"StepName": name, "StepStatus": status, **fields}


@pytest.fixture
def tell(monkeypatch: pytest.MonkeyPatch, notify_settings: None, s3: Any, inbox: Any, context: Any) -> Tell:  # noqa: ARG001
    """Deliver the event of an execution that ran these steps; return subject and text of the one message."""
    monkeypatch.setenv("APPROVAL", "manual")

    def deliver(status: str, steps: list[dict[str, Any]], better: bool | None = None) -> tuple[str, str]:
        if better is not None:
            key = "retraining/flights-prod/p4jn9xou8a8s/evaluate/evaluation/evaluation.json"
            s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps({"decision": DECISIONS[better]}).encode())
        asked = {"PipelineExecutionArn": EXECUTION, "SortOrder": "Ascending"}
        with Stubber(clients.client("sagemaker")) as sagemaker:
            sagemaker.add_response("list_pipeline_execution_steps", {"PipelineExecutionSteps": steps}, asked)
            for _ in range(3):  # duplicates tell nothing
                handler(ended(status), context)
        [message] = inbox.messages()
        subject, text = message
        return subject, text

    return deliver


def test_a_rejected_challenger(tell: Tell) -> None:
    subject, text = tell("Succeeded", [step("Evaluate"), step("IsBetter")], better=False)
    assert subject == "flights-prod: retraining ended: challenger rejected: AUC 0.710 < 0.740"
    assert "Because:   AUC 0.710 < 0.740: a gain of -0.0300 AUC on 900 rows" in text
    assert f"s3://{BUCKET}/retraining/flights-prod/p4jn9xou8a8s/evaluate/evaluation/evaluation.json" in text
    assert "Retraining of flights-prod for incident a@1" in text


def test_a_registered_challenger(tell: Tell) -> None:
    arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/flights-prod/2"
    steps = [step("Evaluate"), step("Register", Metadata={"RegisterModel": {"Arn": arn}})]
    subject, text = tell("Succeeded", steps, better=True)
    assert subject == "flights-prod: retraining ended: registered as version 2, waiting for approval"
    assert f"Model:     {arn}" in text
    assert "is better beyond chance" in text


def test_a_failure_names_the_step_and_the_reason(tell: Tell) -> None:
    reason = "ClientError: Training job failed: out of memory"
    subject, text = tell("Failed", [step("Prepare"), step("Train", "Failed", FailureReason=reason)])
    assert subject == "flights-prod: retraining failed in step Train"
    assert f"Because:   {reason}" in text


def test_a_stop_is_told(tell: Tell) -> None:
    subject, _ = tell("Stopped", [step("Prepare", "Stopped")])
    assert subject == "flights-prod: retraining was stopped"


def test_a_pipeline_of_another_make_has_no_comparison_to_tell(tell: Tell) -> None:
    subject, _ = tell("Succeeded", [step("Anything")])
    assert subject == "flights-prod: retraining ended: succeeded, no model was registered"
