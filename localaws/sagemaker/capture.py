"""Data capture: what an endpoint was asked and what it answered, in Amazon's records and layout."""

from __future__ import annotations

import base64
import json
import random
import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from localaws.sagemaker.account import Account
from localaws.sagemaker.events import iso
from localaws.sagemaker.storage import split_uri
from localaws.sagemaker.store import Document

_RECORDS_PER_FILE = 1000
_SIDES = {"Input": ("INPUT",), "Output": ("OUTPUT",), "InputAndOutput": ("INPUT", "OUTPUT")}


@dataclass(frozen=True)
class Payload:
    """One side of an invocation."""

    content_type: str | None
    body: bytes


@dataclass(frozen=True)
class Invocation:
    """A successful invocation, as capture sees it."""

    endpoint: str
    variant: str
    request: Payload
    response: Payload
    inference_id: str | None = None
    custom_attributes: str | None = None
    role: str | None = None


@dataclass(frozen=True)
class Encodings:
    """Which content types are copied as text."""

    csv: frozenset[str] = frozenset()
    json: frozenset[str] = frozenset()

    @classmethod
    def of(cls, config: Document) -> Encodings:
        """Read them from a ``DataCaptureConfig``."""
        header = config.get("CaptureContentTypeHeader", {})
        return cls(_types(header.get("CsvContentTypes", [])), _types(header.get("JsonContentTypes", [])))

    def encode(self, payload: Payload) -> tuple[str, str]:
        """Return data and encoding: CSV or JSON text where its type was declared, else BASE64.

        Examples
        --------
        >>> Encodings(csv=frozenset({"text/csv"})).encode(Payload("text/csv; charset=utf-8", b"0.5"))
        ('0.5', 'CSV')
        >>> Encodings().encode(Payload("text/csv", b"0.5"))
        ('MC41', 'BASE64')
        """
        kind = (payload.content_type or "").split(";")[0].strip().lower()
        encoding = "CSV" if kind in self.csv else "JSON" if kind in self.json else "BASE64"
        if encoding != "BASE64":
            try:
                return payload.body.decode(), encoding
            except UnicodeDecodeError:
                pass  # declared as text, but it is not: only BASE64 keeps it as it was
        return base64.b64encode(payload.body).decode(), "BASE64"


@dataclass
class _File:
    """A capture file that is still being written."""

    started: datetime
    destination: str
    key_id: str | None
    role: str | None
    lines: list[bytes] = field(default_factory=list)


class Capture:
    """Takes records, and writes them to S3 a file at a time.

    A file is written when the hour is over, after 1,000 records, and whenever :meth:`flush` is called.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._random: dict[str, random.Random] = {}
        self._files: dict[tuple[str, str], _File] = {}
        self._lock = threading.Lock()

    def take(self, invocation: Invocation, config: Document) -> None:
        """Capture `invocation` as `config`, a ``DataCaptureConfig``, asks for."""
        if not config.get("EnableCapture", True):
            return
        now, where = self._account.now(), (invocation.endpoint, invocation.variant)
        with self._lock:
            source = self._random.setdefault(
                invocation.endpoint,
                random.Random(f"{self._account.seed} capture {invocation.endpoint}"),  # noqa: S311
            )
            if source.random() * 100 >= config["InitialSamplingPercentage"]:
                return
            event_id = str(uuid.UUID(int=source.getrandbits(128), version=4))
            done = self._files.pop(where, None) if self._hour_is_over(where, now) else None
            new = _File(now, config["DestinationS3Uri"], config.get("KmsKeyId"), invocation.role)
            file = self._files.setdefault(where, new)
            file.lines.append(_line(record(invocation, config, event_id, now)))
            full = self._files.pop(where) if len(file.lines) >= _RECORDS_PER_FILE else None
            for finished in filter(None, (done, full)):
                self._write(where, finished)

    def flush(self) -> bool:
        """Write all that has been taken; tell whether there was anything."""
        with self._lock:
            files, self._files = self._files, {}
            for where, file in files.items():
                self._write(where, file)
        return bool(files)

    def _hour_is_over(self, where: tuple[str, str], now: datetime) -> bool:
        file = self._files.get(where)
        return file is not None and file.started.strftime("%Y%m%d%H") != now.strftime("%Y%m%d%H")

    def _write(self, where: tuple[str, str], file: _File) -> None:
        bucket, prefix = split_uri(file.destination)
        name = uuid.UUID(int=self._random[where[0]].getrandbits(128), version=4)
        started = file.started
        stamp = f"{started:%Y/%m/%d/%H/%M-%S}-{started.microsecond // 1000:03d}-{name}.jsonl"
        key = "/".join(part for part in (prefix.rstrip("/"), *where, stamp) if part)
        encryption: dict[str, Any] = {}
        if file.key_id:
            encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": file.key_id}
        s3 = self._account.client("s3", file.role)
        s3.put_object(Bucket=bucket, Key=key, Body=b"".join(file.lines), **encryption)


def record(invocation: Invocation, config: Document, event_id: str, now: datetime) -> Document:
    """Return the capture record of `invocation`."""
    encodings = Encodings.of(config)
    sides = {side for option in config["CaptureOptions"] for side in _SIDES[option["CaptureMode"]]}
    data: Document = {}
    if "INPUT" in sides:
        data["endpointInput"] = _side(invocation.request, "INPUT", encodings)
    if "OUTPUT" in sides:
        data["endpointOutput"] = _side(invocation.response, "OUTPUT", encodings)
    metadata: Document = {"eventId": event_id}
    if invocation.inference_id is not None:
        metadata["inferenceId"] = invocation.inference_id
    if invocation.custom_attributes is not None:
        metadata["customAttributes"] = [invocation.custom_attributes]
    metadata["inferenceTime"] = iso(now)
    return {"captureData": data, "eventMetadata": metadata, "eventVersion": "0"}


def _side(payload: Payload, mode: str, encodings: Encodings) -> Document:
    data, encoding = encodings.encode(payload)
    return {"observedContentType": payload.content_type, "mode": mode, "data": data, "encoding": encoding}


def _line(document: Document) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def _types(declared: Sequence[str]) -> frozenset[str]:
    return frozenset(kind.lower() for kind in declared)
