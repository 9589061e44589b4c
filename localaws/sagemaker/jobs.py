"""What processing and training jobs have in common: they are described at once and run in the background."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

from localaws.sagemaker import events
from localaws.sagemaker.account import Account
from localaws.sagemaker.sandbox import TIMED_OUT, Sandbox, ship_log
from localaws.sagemaker.storage import StorageError
from localaws.sagemaker.store import Document, Record, Request, Table, ValidationError, described

_LONGEST_REASON = 1024


class JobError(Exception):
    """Why a job failed, in the words of its ``FailureReason``."""


class Jobs(ABC):
    """Jobs of one kind.

    A job takes no simulated time: it starts and ends at the moment it was asked for, and :meth:`settle` waits for it.
    """

    kind: ClassVar[str]  # as in the names of fields: Processing, Training
    event_fields: ClassVar[tuple[str, ...]]

    def __init__(self, account: Account, table: Table) -> None:
        self.account, self.table = account, table
        self._threads: dict[str, threading.Thread] = {}
        self._sandboxes: dict[str, list[Sandbox]] = {}

    @abstractmethod
    def instances(self, job: Document) -> int:
        """Return on how many instances `job` runs."""

    def role(self, job: Document) -> str | None:
        """Return the role with which `job` works."""
        role: str | None = job.get("RoleArn")
        return role

    @abstractmethod
    def execute(self, job: Document, sandboxes: list[Sandbox]) -> None:
        """Run `job` on its instances, one after the other, and complete its description.

        Raises
        ------
        JobError, StorageError
            If it failed.
        """

    def create(self, request: Request, **more: object) -> Document:
        """Keep the job, start it in the background, and answer at once."""
        name, now = request[f"{self.kind}JobName"], self.account.now()
        document = described(
            request,
            **{f"{self.kind}JobArn": self.table.arn(name), f"{self.kind}JobStatus": "InProgress"},
            CreationTime=now,
            LastModifiedTime=now,
            **more,
        )
        record = self.table.add(name, document, request.get("Tags", []))
        sandboxes = self._sandboxes[name] = self._make_sandboxes(name, self.instances(document))
        thread = self._threads[name] = threading.Thread(target=self._run, args=(record, sandboxes), name=name)
        self._announce(record)
        thread.start()
        return {f"{self.kind}JobArn": record.arn}

    def describe(self, request: Request) -> Document:
        """Answer the Describe operation."""
        return self.table.get(request[f"{self.kind}JobName"]).document

    def stop(self, request: Request) -> Document:
        """Kill the job if it runs."""
        name = request[f"{self.kind}JobName"]
        document = self.table.get(name).document
        if document[f"{self.kind}JobStatus"] != "InProgress":
            raise ValidationError(
                f"The request was rejected because the {self.kind.lower()} job is in status "
                f"{document[f'{self.kind}JobStatus']}."
            )
        self.kill(name)
        return {}

    def kill(self, name: str) -> None:
        """End the job's process, if it has one, and start no more."""
        for sandbox in self._sandboxes[name]:
            sandbox.stop()

    def wait(self, name: str) -> Document:
        """Wait until the job is over, and return its description."""
        if thread := self._threads.get(name):
            thread.join()
        return self.table.get(name).document

    def settle(self) -> bool:
        """Wait until no job runs; tell whether any did."""
        running = [name for name, thread in list(self._threads.items()) if thread.is_alive()]
        for name in running:
            self._threads[name].join()
        return bool(running)

    def close(self) -> None:
        """Kill what runs."""
        for name in list(self._sandboxes):
            self.kill(name)
        self.settle()

    def sandboxes(self, name: str) -> list[Sandbox]:
        """Return the folders of a job's instances."""
        return self._sandboxes[name]

    def _make_sandboxes(self, name: str, count: int) -> list[Sandbox]:
        root = self.account.work_dir / "jobs" / self.kind.lower() / name
        return [Sandbox(root / f"algo-{host + 1}" if count > 1 else root, host, count) for host in range(count)]

    def _run(self, record: Record, sandboxes: list[Sandbox]) -> None:
        job, status = record.document, f"{self.kind}JobStatus"
        job[f"{self.kind}StartTime"] = self.account.now()
        outcome: Document = {status: "Completed"}
        try:
            self.execute(job, sandboxes)
        except (JobError, StorageError) as error:
            outcome = {status: "Failed", "FailureReason": str(error)[:_LONGEST_REASON]}
        except Exception as error:  # whatever it was: SageMaker tells it as the job's reason
            outcome = {status: "Failed", "FailureReason": f"InternalServerError: {error!r}"[:_LONGEST_REASON]}
        if any(sandbox.stopped for sandbox in sandboxes):
            outcome = {status: "Stopped"}
        now = self.account.now()
        for sandbox in sandboxes:
            self._ship_log(job, sandbox)
        record.document |= outcome | {f"{self.kind}EndTime": now, "LastModifiedTime": now}
        self._announce(record)

    def _ship_log(self, job: Document, sandbox: Sandbox) -> None:
        milliseconds = int(self.account.now().timestamp() * 1000)
        text = sandbox.log.read_text(errors="replace") if sandbox.log.exists() else ""
        stream = f"{job[f'{self.kind}JobName']}/{sandbox.host}-{milliseconds // 1000}"
        logs = self.account.client("logs", self.role(job))
        ship_log(logs, f"/aws/sagemaker/{self.kind}Jobs", stream, text, milliseconds)

    def _announce(self, record: Record) -> None:
        detail = events.state(record.document, self.event_fields)
        events.send(self.account, f"{self.kind} Job State Change", detail, record.arn)


def run_or_fail(run: Callable[[], int], message: Callable[[], str]) -> None:
    """Run a job's process, and turn its end into Amazon's words.

    Raises
    ------
    JobError
        If it could not start, ran too long, or ended with an exit code other than 0.
    """
    try:
        code = run()
    except OSError as error:
        raise JobError(f"ClientError: Failed to invoke the container's entry point: {error}") from error
    if code == TIMED_OUT:
        raise JobError("MaxRuntimeExceeded: the job ran longer than MaxRuntimeInSeconds.")
    if code:
        raise JobError(f"AlgorithmError: {message() or 'See job logs for more information'}, exit code: {code}")
