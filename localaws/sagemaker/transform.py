"""Batch transform jobs: a model answers the objects below a prefix."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from localaws.sagemaker import inputs, storage
from localaws.sagemaker.account import Account
from localaws.sagemaker.api import Operation
from localaws.sagemaker.events import iso
from localaws.sagemaker.fleet import StartError, Variant, start_variant
from localaws.sagemaker.jobs import JobError, Jobs
from localaws.sagemaker.models import Models
from localaws.sagemaker.sandbox import Sandbox
from localaws.sagemaker.store import Document, Listing, Request, Table
from localaws.sagemaker.transform_records import Processing, RecordError, Stamp, payloads

_JOBS = Listing("TransformJobSummaries", name="TransformJobName", status="TransformJobStatus")
_OK = 200
_MEGABYTES = 6


class TransformJobs(Jobs):
    """The operations on transform jobs."""

    kind = "Transform"
    event_fields = (
        "TransformJobName",
        "TransformJobArn",
        "TransformJobStatus",
        "FailureReason",
        "ModelName",
        "MaxConcurrentTransforms",
        "MaxPayloadInMB",
        "BatchStrategy",
        "Environment",
        "TransformInput",
        "TransformOutput",
        "TransformResources",
        "DataProcessing",
        "CreationTime",
        "TransformStartTime",
        "TransformEndTime",
    )

    def __init__(self, account: Account, table: Table, models: Models) -> None:
        super().__init__(account, table)
        self._models = models

    def operations(self) -> Mapping[str, Operation]:
        """Return the operations by Amazon's name."""
        return {
            "CreateTransformJob": self.create_checked,
            "DescribeTransformJob": self.describe,
            "ListTransformJobs": lambda request: _JOBS.answer((job.document for job in self.table), request),
            "StopTransformJob": self.stop,
        }

    def create_checked(self, request: Request) -> Document:
        """Start a job of a model that exists."""
        self._models.containers(request["ModelName"])
        return self.create(request)

    def instances(self, job: Document) -> int:
        """Return 1: the objects are transformed one after the other, whatever the number of instances."""
        del job
        return 1

    def role(self, job: Document) -> str | None:
        """Return the role of the job's model."""
        return self._models.role(job["ModelName"])

    def execute(self, job: Document, sandboxes: list[Sandbox]) -> None:
        """Start the model, let it answer each object, end it."""
        (sandbox,) = sandboxes
        given = self._models.containers(job["ModelName"])
        own = job.get("Environment", {})
        containers = [one | {"Environment": one.get("Environment", {}) | own} for one in given]
        s3 = self.account.client("s3", self.role(job))
        try:
            items = inputs.items(s3, job["TransformInput"]["DataSource"]["S3DataSource"])
        except storage.StorageError as error:
            raise JobError(f"ClientError: {error}") from error
        try:
            variant = start_variant(self.account, containers, sandbox.root / "model", self.role(job))
        except StartError as error:
            raise JobError(f"AlgorithmError: {error}") from error
        try:
            _Transformation(self.account, job, variant, sandbox).run(s3, items)
        except RecordError as error:
            raise JobError(f"ClientError: {error}") from error
        finally:
            sandbox.log.write_text("".join(container.new_log() for container in variant.containers))
            variant.close()


class _Transformation:
    """One job at work."""

    def __init__(self, account: Account, job: Document, variant: Variant, sandbox: Sandbox) -> None:
        self._account, self._job, self._variant, self._sandbox = account, job, variant, sandbox
        self._processing = Processing.of(job)
        self._capture: Document = job.get("DataCaptureConfig", {})
        source, target = job["TransformInput"], job["TransformOutput"]
        self._lines = source.get("SplitType", "None") == "Line"
        self._assemble = "\n" if target.get("AssembleWith", "None") == "Line" else ""
        self._content_type: str = source.get("ContentType", "")
        self._accept: str = target.get("Accept", "") or self._content_type
        self._random = random.Random(f"{account.seed} transform {job['TransformJobName']}")  # noqa: S311

    def run(self, s3: Any, items: Sequence[storage.Item]) -> None:
        """Write an output for each input, and tell the capture about both."""
        output = self._job["TransformOutput"]["S3OutputPath"].rstrip("/")
        source = self._job["TransformInput"]
        for item in items:
            if self._sandbox.stopped:
                return
            body = storage.content(s3, item, unzip=source.get("CompressionType") == "Gzip")
            answer = self._file(body)
            bucket, key = storage.split_uri(f"{output}/{item.path}.out")
            s3.put_object(Bucket=bucket, Key=key, Body=answer)
        if self._capture:
            first = items[0]
            prefix = f"s3://{first.bucket}/{first.key[: len(first.key) - len(first.path)]}"
            self._write_manifest(s3, "input", prefix, [item.path for item in items])
            self._write_manifest(s3, "output", f"{output}/", [f"{item.path}.out" for item in items])

    def _file(self, body: bytes) -> bytes:
        """Return the output for one object."""
        numbered = bool(self._capture.get("GenerateInferenceId"))
        if not (self._lines or self._processing.by_record or numbered):
            return self._ask(body)
        text = body.decode()
        records = [line for line in text.splitlines() if line] if self._lines else [text]
        single = self._job.get("BatchStrategy") == "SingleRecord"
        groups = payloads(records, single=single, megabytes=self._job.get("MaxPayloadInMB") or _MEGABYTES)
        if not (self._processing.by_record or numbered):
            return self._assemble.encode().join(self._ask("\n".join(group).encode()).rstrip(b"\n") for group in groups)
        lines = [line for group in groups for line in self._records(group, numbered=numbered)]
        return ((self._assemble or "\n").join(lines) + "\n").encode()

    def _records(self, group: Sequence[str], *, numbered: bool) -> Iterator[str]:
        sent = "\n".join(self._processing.sent(record, self._content_type) for record in group)
        answers = self._ask(sent.encode()).decode().splitlines() if self._lines else [self._ask(sent.encode()).decode()]
        if len(answers) != len(group):
            raise RecordError(f"The model answered {len(answers)} records to {len(group)}, which cannot be joined.")
        for record, answer in zip(group, answers, strict=True):
            stamp = Stamp(self._new_id(), iso(self._account.now())) if numbered else None
            yield self._processing.kept(record, answer, (self._content_type, self._accept), stamp)

    def _ask(self, body: bytes) -> bytes:
        _, answer = self._variant.ask(body, self._content_type, self._job["TransformOutput"].get("Accept", ""))
        if answer.status != _OK:
            raise JobError(
                f"AlgorithmError: Bad HTTP status received from algorithm: {answer.status}: {answer.message}"
            )
        return answer.body

    def _write_manifest(self, s3: Any, side: str, prefix: str, names: Sequence[str]) -> None:
        hour = f"{self._account.now():%Y/%m/%d/%H}"
        uri = f"{self._capture['DestinationS3Uri'].rstrip('/')}/{side}/{hour}/{self._new_id()}.json"
        bucket, key = storage.split_uri(uri)
        s3.put_object(Bucket=bucket, Key=key, Body=json.dumps([{"prefix": prefix}, *names]).encode())

    def _new_id(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))
