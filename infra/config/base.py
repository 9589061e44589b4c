"""What every section of the configuration file shares: strictness and the types of its values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_after_validator_function

_DURATION = re.compile(r"(\d+)(m|h|d)")
_SIZE = re.compile(r"(\d+) ?(KiB|MiB|GiB|TiB)")
_SIZES: dict[str, int] = {unit: 1024**power for power, unit in enumerate(("B", "KiB", "MiB", "GiB", "TiB"))}
Location = tuple[str | int, ...]
"""A place in the file."""
Problem = tuple[Location, str]
"""Where in the file something is wrong, and what."""
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class Section(BaseModel):
    """Part of the configuration file: immutable, no unknown keys, docstrings become the schema's descriptions."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, populate_by_name=True)


def parse_duration(value: object) -> timedelta:
    """Read a length of time such as ``90m``, ``26h`` or ``3d``.

    Raises
    ------
    ValueError
        If the text has another form.

    Examples
    --------
    >>> parse_duration("26h")
    datetime.timedelta(days=1, seconds=7200)
    """
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("allowed: a whole number followed by m, h or d, e.g. 90m, 26h, 3d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(lambda value: f"{int(value.total_seconds()) // 60}m", return_type=str),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]+[mhd]$", "examples": ["90m", "26h", "3d"]}),
]


def parse_size(value: object) -> int:
    """Read an amount of data such as ``512MiB`` or ``1GiB``, in bytes.

    Raises
    ------
    ValueError
        If the text has another form, or is nothing.

    Examples
    --------
    >>> parse_size("1GiB")
    1073741824
    """
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if match is None or not int(match[1]):
        raise ValueError("allowed: a whole number followed by KiB, MiB, GiB or TiB, e.g. 512MiB, 1GiB")
    return int(match[1]) * _SIZES[match[2]]


def format_size(size: int) -> str:
    """Spell an amount of data in the largest unit that leaves a whole number.

    Examples
    --------
    >>> [format_size(size) for size in (1073741824, 1536 * 1024, 1000)]
    ['1GiB', '1536KiB', '1000B']
    """
    unit = next(unit for unit in reversed(_SIZES) if size % _SIZES[unit] == 0)
    return f"{size // _SIZES[unit]}{unit}"


ByteSize = Annotated[
    int,
    BeforeValidator(parse_size),
    PlainSerializer(format_size, return_type=str),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]+ ?[KMGT]iB$", "examples": ["512MiB", "1GiB"]}),
]
"""An amount of data, held in bytes."""


@dataclass(frozen=True, slots=True)
class Like:
    """Marks a text that must have a form; its error says in words what is allowed."""

    pattern: str
    allowed: str
    max_length: int = 2048

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check the text after pydantic has made sure that it is one."""
        return no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Tell editors the form."""
        return {**handler(schema), "pattern": f"^{self.pattern}$", "maxLength": self.max_length}

    def _check(self, value: str) -> str:
        if not re.fullmatch(self.pattern, value) or len(value) > self.max_length:
            raise ValueError(f"allowed: {self.allowed}")
        return value


_S3 = r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/"

Name = Annotated[
    str, Like(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*", "letters, digits and inner hyphens, at most 63 characters", 63)
]
S3Uri = Annotated[str, Like(_S3 + r".*[^/]", "an S3 object, e.g. s3://bucket/folder/file.csv")]
S3Prefix = Annotated[str, Like(_S3 + r"(.*/)?", "an S3 prefix that ends in /, e.g. s3://bucket/folder/", 512)]
"""Ends in a slash, so that `capture/ep/` never takes in `capture/ep-2/`."""
KmsKeyArn = Annotated[str, Like(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/.+", "the ARN of a KMS key")]
InstanceType = Annotated[str, Like(r"ml\.[a-z0-9-]+\.[a-z0-9]+", "a SageMaker instance type, e.g. ml.m5.large")]
Email = Annotated[str, Like(r"[^@\s]+@[^@\s]+\.[^@\s]+", "an email address")]
IMAGE = r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/[a-z0-9._/-]+([:@][\w.:-]+)?"
Image = Annotated[
    str,
    Like(
        IMAGE,
        "an image in ECR, e.g. 111122223333.dkr.ecr.eu-west-1.amazonaws.com/models/fraud:1.2",
    ),
]
