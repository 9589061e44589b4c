"""An account leaves nothing behind, however it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from localaws.account import LocalAccount, LocalAccountError
from tests.local.lab import RUNTIME

START = datetime(2013, 1, 1, tzinfo=UTC)

OWNER = f"""
    import sys, time
    from datetime import UTC, datetime
    from localaws.account import LocalAccount
    from tests.local.lab import zipped

    with LocalAccount(start=datetime(2013, 1, 1, tzinfo=UTC)) as account:
        account.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument='{{"Statement": [{{"Effect": "Allow", '
            '"Principal": {{"Service": ["lambda.amazonaws.com"]}}, "Action": "sts:AssumeRole"}}]}}')
        account.client("lambda").create_function(
            FunctionName="f", Runtime="{RUNTIME}", Handler="index.handler", Role="arn:aws:iam::123456789012:role/r",
            Code={{"ZipFile": zipped(index="import os\\ndef handler(event, context): return os.getpid()")}},
        )
        pid = account.client("lambda").invoke(FunctionName="f")["Payload"].read().decode()
        print(account._process.pid, pid, account.endpoint_url.rsplit(":", 1)[-1], flush=True)
        time.sleep(60)
"""


def gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has waited for counts as ended."""
    status = Path(f"/proc/{pid}/status")
    if status.parent.parent.exists() and Path("/proc/self").exists():
        return not status.exists() or "State:\tZ" in status.read_text()
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def closed(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_no_process_and_no_port_outlives_the_process_that_started_the_account(end: signal.Signals) -> None:
    owner = subprocess.Popen(  # noqa: S603 - our own text
        [sys.executable, "-c", textwrap.dedent(OWNER)], stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL
    )
    assert owner.stdout is not None
    server, function, port = map(int, owner.stdout.readline().split())
    assert not gone(server)
    assert not gone(function)
    assert not closed(port)
    owner.send_signal(end)
    owner.wait()
    owner.stdout.close()
    deadline = time.monotonic() + 20
    while not (gone(server) and gone(function) and closed(port)):
        assert time.monotonic() < deadline, "something is still running"
        time.sleep(0.05)


def test_number_region_time_and_what_is_open_are_chosen_and_an_exception_ends_the_account() -> None:
    account = LocalAccount(start=START, account_id="210987654321", region="eu-central-1", model_monitor=False)
    with pytest.raises(ZeroDivisionError), account:  # noqa: PT012 - what is in the block is the test
        assert account.now == START
        assert account.client("sts").get_caller_identity()["Account"] == "210987654321"
        arn = account.client("sns").create_topic(Name="t")["TopicArn"]
        assert arn == "arn:aws:sns:eu-central-1:210987654321:t"
        with pytest.raises(ClientError, match="AccessDeniedException"):
            account.client("sagemaker").create_monitoring_schedule(
                MonitoringScheduleName="s", MonitoringScheduleConfig={"MonitoringJobDefinitionName": "d"}
            )
        raise ZeroDivisionError
    assert closed(int(account.endpoint_url.rsplit(":", 1)[-1]))


def test_an_account_that_does_not_start_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "false")
    with pytest.raises(LocalAccountError, match="did not start"), LocalAccount(start=START):
        pass


def test_a_start_without_zone_and_an_odd_account_number_are_refused() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        LocalAccount(start=START.replace(tzinfo=None))
    with pytest.raises(ValueError, match="twelve digits"):
        LocalAccount(start=START, account_id="123")


def test_the_environment_leads_nowhere_else(account: LocalAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_CA_BUNDLE", "/somewhere")
    environment = account.environment()
    assert environment["AWS_ENDPOINT_URL"] == account.endpoint_url
    assert environment["AWS_EC2_METADATA_DISABLED"] == "true"
    assert not {"AWS_PROFILE", "AWS_CA_BUNDLE"} & set(environment)


def test_schedules_rest_as_long_as_the_account_is_told() -> None:
    with LocalAccount(start=START, schedules_rest=timedelta(hours=6)) as account:
        queue = account.client("sqs").create_queue(QueueName="q")["QueueUrl"].rpartition("/")[2]
        arn = f"arn:aws:sqs:{account.region}:{account.account_id}:{queue}"
        for name, expression in (("busy", "cron(7/15 * * * ? *)"), ("daily", "cron(10 0 * * ? *)")):
            account.client("scheduler").create_schedule(
                Name=name,
                ScheduleExpression=expression,
                FlexibleTimeWindow={"Mode": "OFF"},
                Target={"Arn": arn, "RoleArn": f"arn:aws:iam::{account.account_id}:role/r"},
            )
        account.advance_to(START + timedelta(days=2))
        fired = [(entry["subject"].rpartition("/")[2], entry["time"][5:16]) for entry in account.journal("schedule")]
    assert [time for name, time in fired if name == "daily"] == ["01-01T00:10", "01-02T00:10"]
    assert [time for name, time in fired if name == "busy"] == [
        f"01-{day:02}T{hour:02}:07" for day in (1, 2) for hour in (0, 6, 12, 18)
    ]
