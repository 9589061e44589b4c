from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.local.sagemaker.conftest import Bench


def error_of(call: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as caught:
        call()
    response: dict[str, Any] = caught.value.response
    return response


def test_a_request_of_several_rows_gets_an_answer_for_each(bench: Bench) -> None:
    bench.deploy()

    answer = bench.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="ep", Body=b"1,2\n3,4\n", ContentType="text/csv"
    )

    assert answer["Body"].read() == b"3.0\n7.0\n"
    assert answer["ContentType"] == "text/csv; charset=utf-8"
    assert answer["InvokedProductionVariant"] == "model"


def test_a_body_that_is_not_text_reaches_the_model_as_it_is(bench: Bench) -> None:
    bench.deploy()

    assert bench.invoke(b"\xff\xfe\x00", ContentType="application/octet-stream") == "3.0\n"


PLAIN = """
class Threshold:
    def predict(self, rows):
        return rows[:, 0] > 1

def model_fn(folder):
    return Threshold()
"""


def test_a_model_without_functions_of_its_own_reads_and_writes_csv(bench: Bench) -> None:
    bench.make_model(inference=PLAIN)
    bench.serve({"model": 1.0})

    assert bench.invoke("1,5\n2,6\n") == "False\nTrue\n"
    refusals = [
        error_of(lambda: bench.invoke("1,x\n")),
        error_of(lambda: bench.invoke("{}", ContentType="application/json")),
    ]
    assert [refusal["OriginalStatusCode"] for refusal in refusals] == [400, 415]


@pytest.mark.parametrize(("body", "status", "kind"), [("refuse", 400, "client"), ("1,x", 500, "server")])
def test_an_error_of_the_model_is_a_model_error_with_its_status(
    bench: Bench, body: str, status: int, kind: str
) -> None:
    bench.deploy()

    error = error_of(lambda: bench.invoke(body))

    assert error["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert error["Error"]["Code"] == "ModelError"
    assert error["Error"]["Message"].startswith(f"Received {kind} error ({status}) from primary with message ")
    assert error["OriginalStatusCode"] == status


def test_a_model_whose_process_dies_is_started_anew(bench: Bench) -> None:
    bench.deploy()

    assert error_of(lambda: bench.invoke("die"))["OriginalStatusCode"] == 500
    assert bench.invoke("1,2") == "3.0\n"


def test_an_endpoint_that_does_not_exist_is_refused_in_amazons_words(bench: Bench) -> None:
    error = error_of(bench.invoke)

    assert error["Error"] == {"Code": "ValidationError", "Message": "Endpoint ep of account 123456789012 not found."}


def two_variants(bench: Bench) -> None:
    bench.make_model("champion", weight=1.0)
    bench.make_model("challenger", weight=10.0)
    bench.serve({"champion": 0.9, "challenger": 0.1})


def test_variants_share_the_traffic_by_weight_and_can_be_asked_for(bench: Bench) -> None:
    two_variants(bench)

    answers = Counter(bench.invoke("1") for _ in range(200))

    assert answers == {"1.0\n": 185, "10.0\n": 15}
    assert bench.invoke("1", TargetVariant="challenger") == "10.0\n"
    assert error_of(lambda: bench.invoke("1", TargetVariant="x"))["Error"]["Code"] == "ValidationError"


def test_new_weights_move_the_traffic(bench: Bench) -> None:
    two_variants(bench)

    bench.client("sagemaker").update_endpoint_weights_and_capacities(
        EndpointName="ep",
        DesiredWeightsAndCapacities=[
            {"VariantName": "champion", "DesiredWeight": 0.0},
            {"VariantName": "challenger", "DesiredWeight": 1.0},
        ],
    )

    assert {bench.invoke("1") for _ in range(20)} == {"10.0\n"}
    variants = bench.client("sagemaker").describe_endpoint(EndpointName="ep")["ProductionVariants"]
    assert [variant["CurrentWeight"] for variant in variants] == [0.0, 1.0]
    assert [variant["CurrentInstanceCount"] for variant in variants] == [1, 1]


def test_a_model_is_served_from_its_package(bench: Bench) -> None:
    bench.make_model("packed", weight=2.0)
    sagemaker = bench.client("sagemaker")
    sagemaker.create_model_package_group(ModelPackageGroupName="flights")
    url = "s3://bucket/models/packed/model.tar.gz"
    package = sagemaker.create_model_package(
        ModelPackageGroupName="flights",
        InferenceSpecification={
            "Containers": [{"Image": "an-image", "ModelDataUrl": url, "Environment": bench.SCRIPT_MODE}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    )["ModelPackageArn"]
    sagemaker.create_model(ModelName="model", ExecutionRoleArn=bench.ROLE, Containers=[{"ModelPackageName": package}])
    bench.make_config("config", {"model": 1.0})
    sagemaker.create_endpoint(EndpointName="ep", EndpointConfigName="config")

    assert bench.invoke("1,2") == "6.0\n"


def test_an_endpoint_whose_model_does_not_load_has_failed_with_the_reason(bench: Bench) -> None:
    bench.make_model(inference="def model_fn(folder):\n    raise OSError('no weights')")
    bench.serve({"model": 1.0})

    endpoint = bench.client("sagemaker").describe_endpoint(EndpointName="ep")

    assert endpoint["EndpointStatus"] == "Failed"
    assert "no weights" in endpoint["FailureReason"]
    assert error_of(bench.invoke)["Error"]["Code"] == "ValidationError"


@pytest.mark.parametrize("missing", ["SAGEMAKER_PROGRAM", "SAGEMAKER_SUBMIT_DIRECTORY"])
def test_a_model_without_script_mode_would_be_served_by_the_images_own_algorithm(bench: Bench, missing: str) -> None:
    bench.upload("model.tar.gz", bench.archive({"code/inference.py": "def model_fn(folder): return None"}))
    environment = {name: value for name, value in bench.SCRIPT_MODE.items() if name != missing}
    container = {"Image": bench.IMAGE, "ModelDataUrl": "s3://bucket/model.tar.gz", "Environment": environment}
    bench.client("sagemaker").create_model(ModelName="model", ExecutionRoleArn=bench.ROLE, PrimaryContainer=container)
    bench.serve({"model": 1.0})

    endpoint = bench.client("sagemaker").describe_endpoint(EndpointName="ep")

    assert endpoint["EndpointStatus"] == "Failed"
    assert f"the model's environment lacks {missing}: " in endpoint["FailureReason"]


def test_a_model_whose_artifact_is_missing_cannot_be_made(bench: Bench) -> None:
    container = {"Image": "an-image", "ModelDataUrl": "s3://bucket/none/model.tar.gz"}

    error = error_of(
        lambda: bench.client("sagemaker").create_model(
            ModelName="model", ExecutionRoleArn=bench.ROLE, PrimaryContainer=container
        )
    )

    assert error["Error"]["Message"] == "Could not find model data at s3://bucket/none/model.tar.gz."


def test_an_artifact_cannot_write_outside_its_folder(bench: Bench) -> None:
    bench.make_model()

    bench.client("s3").put_object(
        Bucket="bucket", Key="models/model/model.tar.gz", Body=bench.archive({"../../../outside.txt": "x"})
    )
    bench.serve({"model": 1.0})

    assert bench.client("sagemaker").describe_endpoint(EndpointName="ep")["EndpointStatus"] == "Failed"
    assert not list(bench.work_dir.rglob("outside.txt"))


def test_an_update_serves_the_new_model_and_keeps_what_it_is_told_to_keep(bench: Bench) -> None:
    two_variants(bench)
    bench.make_model("champion-2", weight=100.0)
    bench.make_config("config-2", {"champion-2": 1.0})

    bench.client("sagemaker").update_endpoint(EndpointName="ep", EndpointConfigName="config-2")
    assert bench.invoke("1") == "100.0\n"

    bench.client("sagemaker").update_endpoint(EndpointName="ep", EndpointConfigName="config")
    weights = [{"VariantName": "champion", "DesiredWeight": 3.0}]
    bench.client("sagemaker").update_endpoint_weights_and_capacities(
        EndpointName="ep", DesiredWeightsAndCapacities=weights
    )
    bench.client("sagemaker").update_endpoint(
        EndpointName="ep", EndpointConfigName="config", RetainAllVariantProperties=True
    )
    endpoint = bench.client("sagemaker").describe_endpoint(EndpointName="ep")
    assert [variant["CurrentWeight"] for variant in endpoint["ProductionVariants"]] == [3.0, 0.1]
    assert endpoint["EndpointStatus"] == "InService"


def test_an_update_that_does_not_start_leaves_the_old_model_in_service(bench: Bench) -> None:
    bench.deploy()
    bench.make_model("broken", inference="raise ValueError('broken')")
    bench.make_config("config-2", {"broken": 1.0})

    bench.client("sagemaker").update_endpoint(EndpointName="ep", EndpointConfigName="config-2")

    endpoint = bench.client("sagemaker").describe_endpoint(EndpointName="ep")
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", "config")
    assert "broken" in endpoint["FailureReason"]
    assert bench.invoke("1,2") == "3.0\n"


def test_an_endpoint_tells_each_change_of_its_state(bench: Bench) -> None:
    bench.deploy()
    bench.client("sagemaker").delete_endpoint(EndpointName="ep")

    changes = [event for event in bench.events if event["detail_type"] == "SageMaker Endpoint State Change"]

    assert [change["detail"]["EndpointStatus"] for change in changes] == ["CREATING", "IN_SERVICE", "DELETING"]
    assert changes[0]["detail"]["CreationTime"] == bench.START.timestamp() * 1000
    assert changes[0]["resources"] == ["arn:aws:sagemaker:us-east-1:123456789012:endpoint/ep"]
    assert json.dumps(changes[1]["detail"])


def test_invocations_are_counted_by_the_minute(bench: Bench) -> None:
    bench.deploy()
    bench.invoke("1")
    bench.invoke("1")
    error_of(lambda: bench.invoke("refuse"))
    bench.clock.advance_to(bench.START + timedelta(minutes=1))
    error_of(lambda: bench.invoke("x"))
    bench.settle()

    def sums(metric: str) -> list[float]:
        points = bench.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName=metric,
            Dimensions=[{"Name": "EndpointName", "Value": "ep"}, {"Name": "VariantName", "Value": "model"}],
            StartTime=bench.START,
            EndTime=bench.START + timedelta(hours=1),
            Period=60,
            Statistics=["Sum"],
        )["Datapoints"]
        return [point["Sum"] for point in sorted(points, key=lambda point: point["Timestamp"])]

    assert sums("Invocations") == [3.0, 1.0]
    assert sums("Invocation4XXErrors") == [1.0, 0.0]
    assert sums("Invocation5XXErrors") == [0.0, 1.0]
    assert all(latency > 0 for latency in sums("ModelLatency"))


def test_the_stages_of_an_inference_pipeline_read_from_each_other(bench: Bench) -> None:
    bench.make_model("first", weight=2.0)
    bench.make_model("second", weight=5.0)
    containers = [
        {
            "Image": "an-image",
            "ModelDataUrl": f"s3://bucket/models/{name}/model.tar.gz",
            "Environment": bench.SCRIPT_MODE,
        }
        for name in ("first", "second")
    ]
    bench.client("sagemaker").create_model(ModelName="model", ExecutionRoleArn=bench.ROLE, Containers=containers)
    bench.serve({"model": 1.0})

    assert bench.invoke("1,1") == "20.0\n"
