from __future__ import annotations

import base64
import json
import re
import uuid
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from localaws.sagemaker.capture import Capture, Invocation, Payload

if TYPE_CHECKING:
    from tests.local.sagemaker.conftest import Bench

RECORDED = Path(__file__).parents[4] / "shared" / "conformance" / "captured"


def records(bench: Bench) -> list[dict[str, Any]]:
    bench.settle()
    return [json.loads(line) for body in bench.objects("capture/").values() for line in body.splitlines()]


def test_a_record_holds_both_sides_and_when_and_whose_it_was(bench: Bench) -> None:
    bench.deploy(bench.capture_config())

    bench.invoke("1,2\n", InferenceId="order-42", CustomAttributes="tenant=a,b")

    (record,) = records(bench)
    event_id = record["eventMetadata"].pop("eventId")
    assert uuid.UUID(event_id).version == 4
    assert record == {
        "captureData": {
            "endpointInput": {
                "observedContentType": "text/csv",
                "mode": "INPUT",
                "data": "1,2\n",
                "encoding": "CSV",
            },
            "endpointOutput": {
                "observedContentType": "text/csv; charset=utf-8",
                "mode": "OUTPUT",
                "data": "3.0\n",
                "encoding": "CSV",
            },
        },
        "eventMetadata": {
            "inferenceId": "order-42",
            "customAttributes": ["tenant=a,b"],
            "inferenceTime": "2013-01-01T08:30:00Z",
        },
        "eventVersion": "0",
    }


def test_a_line_is_written_as_amazon_writes_it(bench: Bench) -> None:
    if not RECORDED.exists():
        pytest.skip("the recorded captures are not part of a public clone: ../shared/conformance is absent")
    bench.deploy(bench.capture_config())
    bench.invoke("1,2\n", InferenceId="0")
    bench.settle()
    (ours,) = next(iter(bench.objects("capture/").values())).decode().splitlines()

    recorded = [line for line in (RECORDED / "records_csv.jsonl").read_text().splitlines() if "inferenceId" in line]

    assert recorded
    shapes = {re.sub(r':"(?:[^"\\]|\\.)*"', ':"-"', line) for line in recorded}
    assert shapes == {re.sub(r':"(?:[^"\\]|\\.)*"', ':"-"', ours)}


def test_files_lie_in_the_hour_of_the_request_by_endpoint_and_variant(bench: Bench) -> None:
    bench.deploy(bench.capture_config())
    bench.invoke()
    bench.clock.advance_to(bench.START + timedelta(minutes=40, seconds=7, milliseconds=42))
    bench.invoke()
    bench.settle()

    keys = sorted(bench.objects("capture/"))

    uuid4 = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    assert len(keys) == 2
    assert re.fullmatch(rf"capture/ep/model/2013/01/01/08/30-00-000-{uuid4}\.jsonl", keys[0])
    assert re.fullmatch(rf"capture/ep/model/2013/01/01/09/10-07-042-{uuid4}\.jsonl", keys[1])


def test_a_file_holds_many_records_but_not_any_number(bench: Bench) -> None:
    capture, payload = Capture(bench), Payload("text/csv", b"1")
    for _ in range(1001):
        capture.take(Invocation("ep", "model", payload, payload), bench.capture_config())
    capture.flush()

    assert sorted(len(body.splitlines()) for body in bench.objects("capture/").values()) == [1, 1000]


def test_sampling_takes_the_share_asked_for_and_always_the_same(bench: Bench) -> None:
    bench.deploy(bench.capture_config(InitialSamplingPercentage=30))
    for number in range(300):
        bench.invoke(str(number))

    taken = [record["captureData"]["endpointInput"]["data"] for record in records(bench)]

    assert len(taken) == 102
    assert taken[:3] == ["2", "7", "9"]


@pytest.mark.parametrize(
    ("options", "sides"), [(["Input"], {"endpointInput"}), (["InputAndOutput"], {"endpointInput", "endpointOutput"})]
)
def test_only_the_sides_asked_for_are_captured(bench: Bench, options: list[str], sides: set[str]) -> None:
    bench.deploy(bench.capture_config(CaptureOptions=[{"CaptureMode": option} for option in options]))
    bench.invoke()

    assert set(records(bench)[0]["captureData"]) == sides


def test_types_that_were_not_declared_are_captured_as_base64(bench: Bench) -> None:
    config = bench.capture_config()
    del config["CaptureContentTypeHeader"]
    bench.deploy(config)
    bench.invoke("1,2")

    (record,) = records(bench)

    assert record["captureData"]["endpointInput"]["encoding"] == "BASE64"
    assert base64.b64decode(record["captureData"]["endpointInput"]["data"]) == b"1,2"


def test_json_is_captured_as_text(bench: Bench) -> None:
    inference = "def model_fn(folder):\n    return 1\ndef input_fn(body, kind):\n    return body\n"
    inference += "def predict_fn(data, model):\n    return data\ndef output_fn(data, accept):\n    return data, accept"
    bench.make_model(inference=inference)
    bench.serve({"model": 1.0}, bench.capture_config())

    bench.invoke('{"city": "Malmö"}', ContentType="application/json", Accept="application/json")

    data = records(bench)[0]["captureData"]
    assert [data[side]["encoding"] for side in data] == ["JSON", "JSON"]
    assert [data[side]["data"] for side in data] == ['{"city": "Malmö"}'] * 2
    assert data["endpointOutput"]["observedContentType"] == "application/json"


def test_a_failed_invocation_and_a_capture_that_is_off_leave_nothing(bench: Bench) -> None:
    bench.deploy(bench.capture_config(EnableCapture=False))
    bench.invoke()
    bench.make_config("config-2", {"model": 1.0}, bench.capture_config())
    bench.client("sagemaker").update_endpoint(EndpointName="ep", EndpointConfigName="config-2")
    with pytest.raises(Exception, match="ModelError"):
        bench.invoke("refuse")

    assert records(bench) == []


def test_a_serverless_variant_is_not_captured(bench: Bench) -> None:
    bench.make_model()
    bench.client("sagemaker").create_endpoint_config(
        EndpointConfigName="config",
        ProductionVariants=[
            {
                "VariantName": "v",
                "ModelName": "model",
                "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 1},
            }
        ],
        DataCaptureConfig=bench.capture_config(),
    )
    bench.client("sagemaker").create_endpoint(EndpointName="ep", EndpointConfigName="config")
    bench.invoke()

    assert records(bench) == []


def test_the_endpoint_describes_its_capture(bench: Bench) -> None:
    bench.deploy(bench.capture_config(InitialSamplingPercentage=20))

    endpoint = bench.client("sagemaker").describe_endpoint(EndpointName="ep")

    assert endpoint["DataCaptureConfig"] == {
        "EnableCapture": True,
        "CaptureStatus": "Started",
        "CurrentSamplingPercentage": 20,
        "DestinationS3Uri": "s3://bucket/capture",
        "KmsKeyId": "",
    }
