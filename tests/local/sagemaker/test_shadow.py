from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.local.sagemaker.conftest import Bench


def shadowed(bench: Bench, weight: float) -> None:
    """Serve the champion, with the challenger in its shadow."""
    bench.make_model("champion", weight=1.0)
    bench.make_model("challenger", weight=10.0)
    machine = {"InitialInstanceCount": 1, "InstanceType": "ml.m7i.large"}
    sagemaker = bench.client("sagemaker")
    sagemaker.create_endpoint_config(
        EndpointConfigName="config",
        ProductionVariants=[{"VariantName": "champion", "ModelName": "champion"} | machine],
        ShadowProductionVariants=[
            {"VariantName": "shadow", "ModelName": "challenger", "InitialVariantWeight": weight} | machine
        ],
        DataCaptureConfig=bench.capture_config(),
    )
    sagemaker.create_endpoint(EndpointName="ep", EndpointConfigName="config")


def captured(bench: Bench, variant: str) -> list[dict[str, Any]]:
    bench.settle()
    files = [body for key, body in bench.objects("").items() if f"/ep/{variant}/" in key]
    return [json.loads(line) for body in files for line in body.splitlines()]


def test_a_shadow_gets_a_copy_of_every_request_and_answers_nobody(bench: Bench) -> None:
    shadowed(bench, 1.0)

    answers = {bench.invoke("1", InferenceId=f"call-{i}") for i in range(20)}

    assert answers == {"1.0\n"}
    events = {variant: captured(bench, variant) for variant in ("champion", "shadow")}
    calls = {name: {one["eventMetadata"]["inferenceId"] for one in found} for name, found in events.items()}
    assert calls["champion"] == calls["shadow"]
    assert len(events["shadow"]) == 20
    told = bench.client("sagemaker").describe_endpoint(EndpointName="ep")["ShadowProductionVariants"]
    assert [(one["VariantName"], one["CurrentWeight"]) for one in told] == [("shadow", 1.0)]


def test_a_shadow_with_less_weight_gets_as_large_a_share(bench: Bench) -> None:
    shadowed(bench, 0.25)

    for _ in range(100):
        bench.invoke("1")

    assert (len(captured(bench, "champion")), len(captured(bench, "shadow"))) == (100, 27)
