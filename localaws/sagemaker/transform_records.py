"""What a transform job does to records before and after the model: split, filter, join, number."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from jsonpath_ng.ext.parser import parse

from localaws.sagemaker.store import Document

_EVERYTHING = "$"
_MEGABYTE = 1024 * 1024
_OUTPUT, _ID, _TIME = "SageMakerOutput", "SageMakerInferenceId", "SageMakerInferenceTime"


class RecordError(ValueError):
    """Records that do not fit what the job asks for; the message is the job's reason to fail."""


@dataclass(frozen=True)
class Stamp:
    """What ``GenerateInferenceId`` adds to a record."""

    inference_id: str
    time: str


@dataclass(frozen=True)
class Processing:
    """The ``DataProcessing`` of a job: JSONPath filters, and whether the input is put beside the output."""

    input_filter: str = _EVERYTHING
    output_filter: str = _EVERYTHING
    join: bool = False

    @classmethod
    def of(cls, request: Document) -> Processing:
        """Read it from a request."""
        given = request.get("DataProcessing", {})
        return cls(
            given.get("InputFilter", _EVERYTHING),
            given.get("OutputFilter", _EVERYTHING),
            given.get("JoinSource") == "Input",
        )

    @property
    def by_record(self) -> bool:
        """Whether input and output have to be looked at record by record."""
        return self != Processing()

    def sent(self, record: str, content_type: str) -> str:
        """Return what the model gets of an input record.

        Examples
        --------
        >>> Processing(input_filter="$[1:]").sent("id-1,2,3", "text/csv")
        '2,3'
        >>> Processing(input_filter="$.features").sent('{"id": 1, "features": [2]}', "application/jsonlines")
        '[2]'
        """
        if self.input_filter == _EVERYTHING:
            return record
        return written(filtered(read(record, content_type), self.input_filter), content_type)

    def kept(self, record: str, answer: str, content_types: tuple[str, str], stamp: Stamp | None) -> str:
        """Return what the output has for an input record and the model's answer to it.

        Examples
        --------
        >>> kinds = ("text/csv", "text/csv")
        >>> Processing(output_filter="$[0,-1]", join=True).kept("id-1,2,3", "0.5", kinds, Stamp("x", "now"))
        'id-1,0.5,x,now'
        """
        given, accepted = content_types
        output = read(answer, accepted)
        if self.join:
            output = joined(read(record, given), output)
        if self.output_filter != _EVERYTHING:
            output = filtered(output, self.output_filter)
        return written(output if stamp is None else stamped(output, stamp), accepted)


def payloads(records: Sequence[str], *, single: bool, megabytes: int) -> Iterator[Sequence[str]]:
    """Group records into requests: one each, or as many as fit.

    Examples
    --------
    >>> list(payloads(["a", "b"], single=False, megabytes=6)), list(payloads(["a", "b"], single=True, megabytes=6))
    ([['a', 'b']], [['a'], ['b']])
    """
    group: list[str] = []
    size = 0
    for record in records:
        length = len(record.encode()) + 1
        if group and (single or size + length > megabytes * _MEGABYTE):
            yield group
            group, size = [], 0
        group.append(record)
        size += length
    if group:
        yield group


def read(record: str, content_type: str) -> Any:
    """Return a record as JSON would have it: the cells of CSV as a list.

    Raises
    ------
    RecordError
        If it cannot be read.
    """
    if _is_csv(content_type):
        return next(csv.reader([record]), [])
    try:
        return json.loads(record)
    except ValueError as error:
        raise RecordError(
            f"A record is neither text/csv nor JSON, but {content_type or 'of no type'}: {error}"
        ) from error


def written(value: Any, content_type: str) -> str:
    """Return a record as text."""
    if not _is_csv(content_type):
        return json.dumps(value, separators=(",", ":"))
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(value if isinstance(value, list) else [value])
    return line.getvalue()


def filtered(value: Any, path: str) -> Any:
    """Return what a JSONPath finds; several findings as a list."""
    if isinstance(value, list) and "," in path:  # $[0,-1]
        return [value[int(index)] for index in path.strip("$[]").split(",")]
    found = [match.value for match in parse(path).find(value)]
    return found[0] if len(found) == 1 and not isinstance(value, list) else found


def joined(record: Any, output: Any) -> Any:
    """Return input and output: cells after cells, or the output under a key of its own."""
    if isinstance(record, list) and isinstance(output, list):
        return [*record, *output]
    if isinstance(record, dict):
        return {_OUTPUT: output, **record}
    raise RecordError("Input and output can be joined when both are CSV, or the input is a JSON object.")


def stamped(output: Any, stamp: Stamp) -> Any:
    """Return an output with its id and time: two more cells, or two more keys."""
    if isinstance(output, list):
        return [*output, stamp.inference_id, stamp.time]
    body = output if isinstance(output, dict) else {_OUTPUT: output}
    return {_ID: stamp.inference_id, _TIME: stamp.time, **body}


def _is_csv(content_type: str) -> bool:
    return content_type.split(";", maxsplit=1)[0].strip() == "text/csv"
