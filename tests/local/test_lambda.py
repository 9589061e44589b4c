"""Functions run for real, as Lambda runs them."""

from __future__ import annotations

import json
import platform

from tests.local.lab import Lab, zipped

ECHO = """
    import os
    count = 0
    def handler(event, context):
        global count
        count += 1
        return {"event": event, "count": count, "memory": context.memory_limit_in_mb, "name": context.function_name,
                "variable": os.environ.get("VARIABLE"), "endpoint": os.environ["AWS_ENDPOINT_URL"]}
"""


def test_a_function_is_loaded_once_and_used_again(lab: Lab) -> None:
    lab.function("echo", ECHO, MemorySize=256, Environment={"Variables": {"VARIABLE": "value"}})
    first, _ = lab.invoke("echo", {"a": 1})
    second, _ = lab.invoke("echo", [])
    assert first == {
        "event": {"a": 1},
        "count": 1,
        "memory": "256",
        "name": "echo",
        "variable": "value",
        "endpoint": lab.account.endpoint_url,
    }
    assert (second["event"], second["count"]) == ([], 2)


def test_changed_code_runs_in_a_new_environment(lab: Lab) -> None:
    lab.function("changing", "def handler(event, context): return 1")
    assert lab.invoke("changing", {}) == (1, None)
    lab.client("lambda").update_function_code(
        FunctionName="changing", ZipFile=zipped(index="def handler(event, context): return 2")
    )
    assert lab.invoke("changing", {}) == (2, None)


def test_an_exception_is_a_function_error_with_its_trace(lab: Lab) -> None:
    lab.function("raising", "def handler(event, context): raise KeyError('missing')")
    answer, error = lab.invoke("raising", {})
    assert error == "Unhandled"
    assert (answer["errorType"], answer["errorMessage"]) == ("KeyError", "'missing'")
    assert "index.py" in "".join(answer["stackTrace"])


def test_a_module_that_the_zip_forgot_fails_although_it_is_installed_here(lab: Lab) -> None:
    lab.function("forgetful", "import numpy\ndef handler(event, context): return 1")
    answer, error = lab.invoke("forgetful", {})
    assert error == "Unhandled"
    assert answer["errorType"] == "Runtime.ImportModuleError"
    assert "numpy" in answer["errorMessage"]


def test_a_handler_that_takes_too_long_is_killed(lab: Lab) -> None:
    source = "import time\ndef handler(event, context):\n    time.sleep(event)\n    return 'done'"
    lab.function("slow", source, Timeout=1)
    assert lab.invoke("slow", 0) == ("done", None)
    answer, error = lab.invoke("slow", 60)
    assert error == "Unhandled"
    assert "Task timed out after 1.00 seconds" in answer["errorMessage"]
    assert lab.invoke("slow", 0) == ("done", None)


def test_a_process_that_exits_is_reported(lab: Lab) -> None:
    lab.function("leaving", "import os\ndef handler(event, context): os._exit(3)")
    answer, error = lab.invoke("leaving", {})
    assert (error, answer["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert "exit status 3" in answer["errorMessage"]


def test_output_goes_to_the_log_group_and_metrics_in_it_to_cloudwatch(lab: Lab) -> None:
    emf = {
        "_aws": {
            "Timestamp": int(lab.account.now.timestamp() * 1000),
            "CloudWatchMetrics": [
                {"Namespace": "Test", "Dimensions": [["Endpoint"]], "Metrics": [{"Name": "rows", "Unit": "Count"}]}
            ],
        },
        "Endpoint": "e",
        "rows": 42,
    }
    lab.function("printing", f"def handler(event, context):\n    print('hello')\n    print({json.dumps(emf)!r})")
    lab.invoke("printing", {})
    logs = lab.client("logs")
    messages = [event["message"] for event in logs.filter_log_events(logGroupName="/aws/lambda/printing")["events"]]
    assert "hello" in messages
    assert messages[0].startswith("START RequestId:")
    assert messages[-1].startswith("REPORT RequestId:")
    assert lab.account.logs("printing") == messages
    found = lab.client("cloudwatch").get_metric_statistics(
        Namespace="Test",
        MetricName="rows",
        Dimensions=[{"Name": "Endpoint", "Value": "e"}],
        StartTime=lab.account.now,
        EndTime=lab.account.now.replace(hour=1),
        Period=3600,
        Statistics=["Sum"],
    )
    assert [point["Sum"] for point in found["Datapoints"]] == [42.0]


def test_a_function_for_another_processor_says_so(lab: Lab) -> None:
    other = "arm64" if platform.machine() in ("x86_64", "AMD64") else "x86_64"
    lab.function("foreign", ECHO, Architectures=[other])
    answer, error = lab.invoke("foreign", {})
    assert error == "Unhandled"
    assert f"built for {other}" in answer["errorMessage"]


def test_a_failing_asynchronous_event_is_tried_three_times_and_then_parked(lab: Lab) -> None:
    dead_letters = lab.queue("dead-letters")
    destination = lab.queue("on-failure")
    lab.function(
        "failing", "def handler(event, context): raise ValueError('no')", DeadLetterConfig={"TargetArn": dead_letters}
    )
    lab.client("lambda").put_function_event_invoke_config(
        FunctionName="failing", DestinationConfig={"OnFailure": {"Destination": destination}}
    )
    lab.send("failing", {"n": 1})
    lab.account.settle()
    assert lab.bodies(dead_letters) == [{"n": 1}]
    (record,) = lab.bodies(destination)
    assert record["requestPayload"] == {"n": 1}
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["responsePayload"]["errorMessage"] == "no"
