from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest

from functions.analyzer.__main__ import main
from functions.baseline.handler import handler
from functions.common.baselines import BaselineStore
from functions.common.fitting import FitOrder, fit
from functions.common.storage import read, write
from monitoring_core.dataset import Source
from monitoring_core.errors import BaselineError
from monitoring_core.monitors.data_quality.analysis import load_limits
from monitoring_core.spec import DataQualitySpec, SchemaSpec

from .job_tree import mount

BUCKET = "watch-bucket"
PREFIX = f"s3://{BUCKET}/baselines/flights-prod/data-quality/"
DATASET = f"s3://{BUCKET}/data/train.csv"
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def cloudformation() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A real HTTP server behind the ResponseURL, and what it was told."""
    told: list[dict[str, Any]] = []

    class Answers(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/answer", told
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def ask(s3: Any, cloudformation: tuple[str, list[dict[str, Any]]], context: Any) -> Ask:
    """Send one request; return the answer."""
    url, told = cloudformation
    rows = "".join(
        f"2013-01-{day:02}T{hour:02}:00:00Z,{hour % 2},{hour}.5,EWR\n" for day in range(1, 29) for hour in range(24)
    )
    s3.put_object(Bucket=BUCKET, Key="data/train.csv", Body=f"time,late,temp,origin\n{rows}".encode())

    def send(request_type: str = "Create", **properties: str) -> dict[str, Any]:
        spec = DataQualitySpec(columns=SchemaSpec(outputs=("late",), features=("temp", "origin")))
        event = {
            "RequestType": request_type,
            "ServiceToken": "arn:aws:lambda:us-east-1:111122223333:function:baseline",
            "ResponseURL": url,
            "StackId": "arn:aws:cloudformation:us-east-1:111122223333:stack/s/1",
            "RequestId": "1",
            "LogicalResourceId": "Baseline",
            "ResourceType": "Custom::WatchkeeperBaseline",
            "ResourceProperties": {
                "ServiceToken": "arn:aws:lambda:us-east-1:111122223333:function:baseline",
                "Endpoint": "flights-prod",
                "Monitor": "data-quality",
                "Bucket": BUCKET,
                "Model": "model-1",
                "Spec": spec.model_dump_json(),
                "PeriodSeconds": "86400",
                **({"Dataset": DATASET, "TimeColumn": "time"} if "Statistics" not in properties else {}),
                **properties,
            },
        }
        if request_type != "Create":
            event["PhysicalResourceId"] = "flights-prod/data-quality"
        handler(event, context)
        return told[-1]

    return send


def test_a_data_set_becomes_the_baseline_in_force(ask: Ask) -> None:
    told = ask()
    assert (told["Status"], told["PhysicalResourceId"]) == ("SUCCESS", "flights-prod/data-quality")
    data = told["Data"]
    assert (data["Rows"], data["UnreadableRows"]) == ("672", "0")
    assert data["StatisticsUri"] == f"{PREFIX}{data['BaselineId']}/statistics.json"
    baseline = BaselineStore(PREFIX).current()
    assert baseline.baseline_id == data["BaselineId"]
    assert [feature.name for feature in load_limits(baseline.files).features] == ["late", "temp", "origin"]


def test_the_same_request_again_changes_nothing(ask: Ask, s3: Any) -> None:
    first = ask()["Data"]
    before = {item["Key"]: item["LastModified"] for item in s3.list_objects_v2(Bucket=BUCKET)["Contents"]}
    assert ask("Update")["Data"] == first
    assert {item["Key"]: item["LastModified"] for item in s3.list_objects_v2(Bucket=BUCKET)["Contents"]} == before


def test_the_pointer_moves_to_a_changed_data_set_and_the_old_baseline_stays(ask: Ask, s3: Any) -> None:
    old = ask()["Data"]["BaselineId"]
    body = b"time,late,temp,origin\n" + b"2013-01-01T00:00:00Z,1,7,LGA\n" * 50
    s3.put_object(Bucket=BUCKET, Key="data/new.csv", Body=body)
    new = ask("Update", Dataset=f"s3://{BUCKET}/data/new.csv")["Data"]["BaselineId"]
    store = BaselineStore(PREFIX)
    assert store.current().baseline_id == new != old
    assert store.load(old).baseline_id == old


def test_the_same_data_can_serve_another_model(ask: Ask) -> None:
    old = ask()["Data"]["BaselineId"]
    assert ask("Update", Model="model-2")["Data"]["BaselineId"] == old
    pointer = BaselineStore(PREFIX).pointer()
    assert pointer is not None
    assert pointer.model == "model-2"
    assert BaselineStore(PREFIX).current().baseline_id == old


def test_delete_keeps_the_evidence(ask: Ask) -> None:
    baseline_id = ask()["Data"]["BaselineId"]
    assert ask("Delete")["Status"] == "SUCCESS"
    assert BaselineStore(PREFIX).current().baseline_id == baseline_id


def test_amazons_files_are_imported(ask: Ask, s3: Any) -> None:
    made = ask()["Data"]
    files = {name: f"s3://{BUCKET}/aws/{name.lower()}.json" for name in ("Statistics", "Constraints")}
    for name, uri in files.items():
        copied = made[f"{name}Uri"].removeprefix(f"s3://{BUCKET}/")
        s3.copy_object(Bucket=BUCKET, CopySource=f"{BUCKET}/{copied}", Key=uri.removeprefix(f"s3://{BUCKET}/"))
    told = ask("Update", **files)
    assert (told["Status"], told["Data"]["Rows"]) == ("SUCCESS", "672")


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"Dataset": f"s3://{BUCKET}/data/gone.csv"}, "data/gone.csv: there is no such object"),
        ({"Dataset": "s3://nowhere-at-all/x.csv"}, "the bucket does not exist"),
        ({"Dataset": f"s3://{BUCKET}/data/train.xlsx"}, "there is no such object"),
        ({"TimeColumn": "when"}, "column 'when' not found; available columns: time, late, temp, origin"),
        ({"Dataset": ""}, "give either Dataset, or Statistics and Constraints"),
        ({"PeriodSeconds": "0"}, "PeriodSeconds: Input should be greater than 0"),
        ({"Spec": '{"kind": "data-quality", "columns": {"features": ["agee"]}}'}, "column 'agee' not found"),
    ],
)
def test_what_is_wrong_is_told_to_cloudformation(ask: Ask, properties: dict[str, str], reason: str) -> None:
    told = ask(**properties)
    assert told["Status"] == "FAILED"
    assert reason in told["Reason"]
    with pytest.raises(BaselineError, match=r"there is no baseline: .*current\.json does not exist; deploy"):
        BaselineStore(PREFIX).current()


def test_a_data_set_full_of_garbage_is_refused(ask: Ask, s3: Any) -> None:
    body = b"time,late,temp,origin\n" + b"2013-01-01T00:00:00Z,1,7,LGA\n" * 90 + b"not,a,row\n" * 10
    s3.put_object(Bucket=BUCKET, Key="data/train.csv", Body=body)
    told = ask()
    assert told["Status"] == "FAILED"
    assert "10 of 100 rows of s3://watch-bucket/data/train.csv cannot be read, more than 1%" in told["Reason"]
    assert "first in line 92" in told["Reason"]


@pytest.mark.parametrize("name", ["statistics.json", "constraints.json"])
def test_a_tampered_baseline_is_refused(ask: Ask, s3: Any, name: str) -> None:
    baseline_id = ask()["Data"]["BaselineId"]
    key = f"baselines/flights-prod/data-quality/{baseline_id}/{name}"
    body = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    middle = len(body) // 2
    s3.put_object(Bucket=BUCKET, Key=key, Body=body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :])
    with pytest.raises(BaselineError, match=f"{name} of baseline {baseline_id} was changed after it was made"):
        BaselineStore(PREFIX).current()


def test_a_whole_baseline_in_the_place_of_another_is_refused(ask: Ask, s3: Any) -> None:
    old = ask()["Data"]["BaselineId"]
    s3.put_object(Bucket=BUCKET, Key="data/new.csv", Body=b"time,late,temp,origin\n" + b"2013-01-01,1,7,LGA\n" * 50)
    new = ask("Update", Dataset=f"s3://{BUCKET}/data/new.csv")["Data"]["BaselineId"]
    for name in ("statistics.json", "constraints.json", "baseline.json"):
        folder = "baselines/flights-prod/data-quality"
        s3.copy_object(Bucket=BUCKET, CopySource=f"{BUCKET}/{folder}/{old}/{name}", Key=f"{folder}/{new}/{name}")
    with pytest.raises(BaselineError, match="is not the one it is named for"):
        BaselineStore(PREFIX).current()


def test_a_pointer_to_nothing_is_explained(ask: Ask, s3: Any) -> None:
    baseline_id = ask()["Data"]["BaselineId"]
    for item in s3.list_objects_v2(Bucket=BUCKET, Prefix=f"baselines/flights-prod/data-quality/{baseline_id}/")[
        "Contents"
    ]:
        s3.delete_object(Bucket=BUCKET, Key=item["Key"])
    with pytest.raises(BaselineError, match=f"baseline {baseline_id} is in force, but .* is empty; deploy again"):
        BaselineStore(PREFIX).current()


def test_moving_the_pointer_is_dated(ask: Ask) -> None:
    before = datetime.now(UTC)
    ask()
    pointer = BaselineStore(PREFIX).pointer()
    assert pointer is not None
    assert before <= pointer.moved_at <= datetime.now(UTC)


# A large data set goes to a processing job.

FIT = {"FunctionBytes": "100", "Runtime": "auto"}


@pytest.fixture
def machine(s3: Any) -> str:  # noqa: ARG001 - the account
    """A state machine that only keeps what it is started with; what it would do, the tests do."""
    definition = json.dumps({"StartAt": "Fit", "States": {"Fit": {"Type": "Pass", "End": True}}})
    role = "arn:aws:iam::111122223333:role/fits"
    made = boto3.client("stepfunctions").create_state_machine(name="fits", definition=definition, roleArn=role)
    return str(made["stateMachineArn"])


def started(machine: str) -> list[tuple[str, dict[str, Any]]]:
    """ARN and input of every execution, the first one first."""
    states = boto3.client("stepfunctions")
    arns = [one["executionArn"] for one in states.list_executions(stateMachineArn=machine)["executions"]]
    told = sorted((states.describe_execution(executionArn=arn) for arn in arns), key=lambda one: one["startDate"])
    return [(one["executionArn"], json.loads(one["input"])) for one in told]


def run_fit(job: dict[str, Any], root: Path) -> tuple[int, str]:
    """Run the container as the platform does; return exit code and message."""
    mount(job["inputs"], root)
    code = main({"output_message_file": str(root / "output" / "message")}, ["fit"])
    output = root / "processing" / "output"
    for path in sorted(path for path in output.rglob("*") if path.is_file()):
        write(job["output"] + path.relative_to(output).as_posix(), path.read_bytes())
    return code, (root / "output" / "message").read_text()


def end(execution: str, cause: str = "") -> None:
    boto3.client("stepfunctions").stop_execution(executionArn=execution, error="Failed", cause=cause)


def test_a_job_makes_the_same_bytes_and_cloudformation_is_told_when_it_has_ended(
    ask: Ask, cloudformation: tuple[str, list[dict[str, Any]]], machine: str, tmp_path: Path, context: Any
) -> None:
    by_function = ask()["Data"]
    told = cloudformation[1]
    told.clear()
    with pytest.raises(IndexError):  # nothing is told yet
        ask("Update", Jobs=machine, **FIT)
    [(_, given)] = started(machine)
    assert "answer" not in json.dumps(given)  # the signed URL is not in the logs of the state machine
    assert given["job"]["name"].startswith("flights-prod-baseline-")
    code, said = run_fit(given["job"], tmp_path)
    assert (code, said[:19]) == (0, "Completed: baseline")
    handler(given, context)
    assert told[-1]["Status"] == "SUCCESS"
    assert told[-1]["Data"]["EngineReason"].startswith("processing: more than function_bytes (100); ")
    assert {**told[-1]["Data"], "EngineReason": ""} == {**by_function, "EngineReason": ""}
    order = FitOrder.model_validate_json((tmp_path / "processing/input/order/order.json").read_bytes())
    body = read(DATASET)
    assert dict(fit(order, Source(DATASET, body)).files.files) == files_below(tmp_path / "processing/output/baseline")


def files_below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_deployment_that_comes_later_takes_what_a_job_has_made(
    ask: Ask, machine: str, tmp_path: Path, cloudformation: tuple[str, list[dict[str, Any]]]
) -> None:
    with pytest.raises(IndexError):
        ask(Jobs=machine, **FIT)
    [(execution, given)] = started(machine)
    run_fit(given["job"], tmp_path)
    end(execution)  # CloudFormation had given up, and took no answer
    assert ask("Update", Jobs=machine, **FIT)["Status"] == "SUCCESS"
    assert len(cloudformation[1]) == len(started(machine)) == 1
    [move] = BaselineStore(PREFIX).moves()
    assert move.engine_reason.startswith("processing: more than")


def test_a_job_that_fails_fails_the_deployment_in_its_own_words(
    ask: Ask, machine: str, tmp_path: Path, context: Any, cloudformation: tuple[str, list[dict[str, Any]]]
) -> None:
    with pytest.raises(IndexError):
        ask(Jobs=machine, **FIT | {"Runtime": "processing"}, TimeColumn="when")
    [(_, given)] = started(machine)
    code, said = run_fit(given["job"], tmp_path)
    assert code == 255
    handler(given | {"error": {"Error": "States.TaskFailed", "Cause": json.dumps({"ExitMessage": said})}}, context)
    told = cloudformation[1][-1]
    assert told["Status"] == "FAILED"
    assert f"{given['job']['name']} has made no baseline: Failed: column 'when' not found" in told["Reason"]


@pytest.mark.parametrize(
    "properties", [{"Runtime": "function"}, {"FunctionBytes": "1000000"}], ids=["asked for", "small"]
)
def test_the_function_takes_what_is_small_or_what_it_is_told_to(
    ask: Ask, machine: str, properties: dict[str, str]
) -> None:
    assert ask(Jobs=machine, **{**FIT, **properties})["Data"]["EngineReason"].startswith("function")
    assert started(machine) == []


def test_promotion_asks_until_the_job_has_made_the_baseline(
    ask: Ask, machine: str, tmp_path: Path, context: Any
) -> None:
    ask(Jobs=machine, Runtime="function", Champion="/champion")
    old, now = BaselineStore(PREFIX).pointer(), datetime.now(UTC)

    def rebind(at: datetime) -> dict[str, str]:
        about = {"Endpoint": "flights-prod", "Monitor": "data-quality", "Bucket": BUCKET, "Model": "model-2"}
        told: dict[str, str] = handler({"Rebind": about | {"Runtime": "processing"}, "At": at.isoformat()}, context)
        return told

    assert [rebind(now), rebind(now)] == [{"Pending": "data-quality"}] * 2
    [(execution, given)] = started(machine)
    end(execution)
    with pytest.raises(BaselineError, match=r"no baseline of data-quality: the execution .* ended as ABORTED"):
        rebind(now)
    later = now + timedelta(hours=1)
    assert rebind(later) == {"Pending": "data-quality"}  # tried again
    execution, given = started(machine)[1]
    run_fit(given["job"], tmp_path)
    assert handler(given, context) == {}  # the execution's end moves nothing: promotion does
    assert BaselineStore(PREFIX).pointer() == old
    end(execution)
    assert rebind(later)["Rows"] == "672"
    moved = BaselineStore(PREFIX).pointer()
    assert moved is not None
    assert (moved.model, moved.moved_at) == ("model-2", later)
