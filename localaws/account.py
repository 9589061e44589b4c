"""Starts an account in a process of its own, and talks to it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import IO, Any
from urllib.parse import urlencode

from localaws.services import Settings, account_client, sdk_environment

STOP_SECONDS = 10
PERMISSIONS_FILE = "LOCALAWS_PERMISSIONS"
"""Environment variable: the file into which an account writes :meth:`LocalAccount.permissions` when it is stopped."""

_RETURN_MEMORY = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": "131072",
    "MALLOC_TRIM_THRESHOLD_": "131072",
}
"""Settings of the C library with which uploads of large zips leave a quarter less memory behind."""


class LocalAccountError(RuntimeError):
    """The account did not start, or refused a request; the message has what it said."""


class LocalAccount:
    """An AWS account on loopback, for the time of a ``with`` block.

    Nothing is left behind: the account ends with the block, on an exception, and when this process dies.

    Parameters
    ----------
    start : datetime
        The first simulated instant, with a time zone.
    account_id, region : str
        Whose account, and where.
    images : mapping of str to sequence of str
        Pattern of a container image -> local command that stands in for it, for SageMaker jobs and endpoints.
    seed : int
        Decides sampling and identifiers.
    model_monitor : bool
        Whether the account may use SageMaker Model Monitor, which takes no new customers.
    schedules_rest : timedelta
        Shortest time between two firings of a schedule of EventBridge Scheduler. AWS has no such thing: it makes
        long simulations cheap in which something looks for work every few minutes.
    enforce_policies : bool
        Whether what a role's policies do not allow is refused; otherwise it is only written down.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> with LocalAccount(start=datetime(2013, 1, 1, tzinfo=UTC)) as account:       # doctest: +SKIP
    ...     account.client("sqs").create_queue(QueueName="q")
    ...     account.advance_to(datetime(2013, 1, 2, tzinfo=UTC))
    """

    def __init__(
        self,
        *,
        start: datetime,
        account_id: str = "123456789012",
        region: str = "us-east-1",
        images: Mapping[str, Sequence[str]] | None = None,
        seed: int = 0,
        model_monitor: bool = True,
        schedules_rest: timedelta = timedelta(),
        enforce_policies: bool = True,
    ) -> None:
        self._settings = Settings(
            account_id, region, start, images or {}, seed, model_monitor, schedules_rest, enforce_policies
        )
        self._process: subprocess.Popen[str] | None = None
        self._errors: IO[str] | None = None
        self.endpoint_url = ""

    def __enter__(self) -> LocalAccount:
        """Start the process and wait until it answers."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the process."""
        self.stop()

    def start(self) -> None:
        """Start the process and wait until it answers.

        Raises
        ------
        LocalAccountError
            With what the process wrote, if it ended instead.
        """
        self._errors = tempfile.TemporaryFile("w+", prefix="localaws-", suffix=".log")  # noqa: SIM115 - closed by stop()
        settings = self._settings
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [
                *(sys.executable, "-m", "localaws", "--follow-stdin"),
                *("--account", settings.account_id, "--region", settings.region),
                *("--start", settings.start.isoformat(), "--seed", str(settings.seed)),
                *("--images", json.dumps({key: list(value) for key, value in settings.images.items()})),
                *("--schedules-rest", str(settings.schedules_rest.total_seconds())),
                "--model-monitor" if settings.model_monitor else "--no-model-monitor",
                "--enforce-policies" if settings.enforce_policies else "--no-enforce-policies",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env={**os.environ, **_RETURN_MEMORY},
            start_new_session=True,  # a Ctrl-C in the terminal is for us; the account ends when we say so
        )
        try:
            port = (self._process.stdout.readline() if self._process.stdout else "").strip()
        except BaseException:  # Ctrl-C while it starts: no `with` block has been entered that would end it
            self.stop()
            raise
        if not port:
            message = f"the local account did not start:\n{self.errors()}"
            self.stop()
            raise LocalAccountError(message)
        self.endpoint_url = f"http://127.0.0.1:{port}"

    def stop(self) -> None:
        """End the process and everything it started."""
        process, self._process = self._process, None
        if process is None:
            return
        if self.endpoint_url and process.poll() is None and (path := os.environ.get(PERMISSIONS_FILE)):
            Path(path).write_text(json.dumps(self.permissions()))
        if process.stdin:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()  # the sign to stop
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if process.stdout:
                process.stdout.close()
            if self._errors:
                self._errors.close()

    @property
    def account_id(self) -> str:
        """Twelve digits."""
        return self._settings.account_id

    @property
    def region(self) -> str:
        """The region everything lives in."""
        return self._settings.region

    def environment(self) -> dict[str, str]:
        """Return environment variables for a child process, in place of whatever AWS settings this one has.

        They lead the AWS SDKs and the CDK CLI to this account, and to no other.
        """
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        port = self.endpoint_url.rsplit(":", 1)[-1]
        return {
            **inherited,
            **sdk_environment(self.account_id, self.region, self.endpoint_url),
            "AWS_ENDPOINT_URL_S3_FOR_CLOUDFORMATION": f"http://localhost:{port}",
            "CDK_DEFAULT_ACCOUNT": self.account_id,
            "CDK_DEFAULT_REGION": self.region,
        }

    def client(self, service: str, role: str | None = None) -> Any:
        """Return a boto3 client of this account; its owner's, or with the permissions of `role` (an ARN)."""
        return account_client(service, self.account_id, self.region, self.endpoint_url, role)

    @property
    def now(self) -> datetime:
        """The simulated time."""
        return datetime.fromisoformat(self._request("GET", "clock")["now"])

    def advance_to(self, moment: datetime) -> None:
        """Move time to `moment`; returns when everything that was due on the way is over."""
        self._request("POST", "clock", {"to": moment.isoformat()})

    def settle(self) -> None:
        """Wait until everything that was set off so far is over."""
        self._request("POST", "settle", {})

    def journal(self, kind: str | None = None, after: int = -1) -> list[dict[str, Any]]:
        """Return what happened; see :class:`localaws.journal.Entry` for kinds and fields."""
        query = {"after": after} if kind is None else {"after": after, "kind": kind}
        entries: list[dict[str, Any]] = self._request("GET", f"journal?{urlencode(query)}")
        return entries

    def events(self) -> list[dict[str, Any]]:
        """Return the events put on the buses, oldest first."""
        return [entry["detail"]["event"] for entry in self.journal("event")]

    def messages(self) -> list[dict[str, Any]]:
        """Return the SNS messages handed to subscribers: protocol, endpoint, topic, subject, message, time."""
        return [
            {"time": entry["time"], "topic": entry["subject"], **entry["detail"]} for entry in self.journal("message")
        ]

    def permissions(self) -> list[dict[str, Any]]:
        """Return what roles have asked for, each thing once.

        Each is a dictionary of ``role`` (ARN), ``logical_id`` (of the role in its stack; None for one without),
        ``action``, ``resource`` and ``allowed``.
        """
        used: list[dict[str, Any]] = self._request("GET", "permissions")
        return used

    def failures(self) -> list[dict[str, Any]]:
        """Return what went wrong inside the account itself."""
        return self.journal("failure")

    def logs(self, function: str) -> list[str]:
        """Return the last lines that a function printed."""
        lines: list[str] = self._request("GET", f"functions/{function}/logs")
        return lines

    def errors(self) -> str:
        """Return what the account's process wrote to standard error."""
        if self._errors is None or self._errors.closed:
            return ""
        self._errors.seek(0)
        return self._errors.read()

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 - our own endpoint
            f"{self.endpoint_url}/localaws/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request) as response:  # noqa: S310 - our own endpoint
                return json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                raise LocalAccountError(f"{method} {path}: {error.read().decode(errors='replace')}") from error
