"""An answer of AWS, and which of its fields have been used: what is left has no counterpart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Path = tuple[str, ...]

_IDENTITY: Final = frozenset(
    {
        "ResponseMetadata",
        "CreationTime",
        "LastModifiedTime",
        "MonitoringScheduleArn",
        "MonitoringScheduleStatus",
        "LastMonitoringExecutionSummary",
        "JobDefinitionArn",
        "JobDefinitionName",
        "MonitoringJobDefinitionName",
        "LocalPath",
        "S3UploadMode",
        "S3InputMode",
        "S3DataDistributionType",
        "AlarmArn",
        "AlarmConfigurationUpdatedTimestamp",
        "StateReason",
        "StateReasonData",
        "StateUpdatedTimestamp",
        "StateTransitionedTimestamp",
        "StateValue",
    }
)
"""Names, times, states and mechanics: nothing that a person has decided."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was not taken over as it is.

    Attributes
    ----------
    source : str
        Schedule, job definition or alarm.
    setting : str
        Path of the field.
    """

    source: str
    setting: str
    value: str
    advice: str


@dataclass(slots=True)
class Document:
    """One answer.

    Attributes
    ----------
    name : str
        What findings call it.
    """

    name: str
    data: Mapping[str, Any]
    _used: set[Path] = field(default_factory=set)

    def take(self, *path: str) -> Any:
        """Return the value at a path, and mark it as used; None where there is none."""
        self._used.add(path)
        value: Any = self.data
        for key in path:
            value = value.get(key) if isinstance(value, Mapping) else None
        return value

    def left(self) -> Iterator[tuple[str, Any]]:
        """Yield every field that was not used, by its path.

        Examples
        --------
        >>> document = Document("x", {"A": {"B": 1, "C": 2}, "RoleArn": "arn"})
        >>> document.take("A", "B")
        1
        >>> list(document.left())
        [('A.C', 2), ('RoleArn', 'arn')]
        """
        yield from self._left((), self.data)

    def _left(self, path: Path, value: Any) -> Iterator[tuple[str, Any]]:
        if path in self._used or (path and path[-1] in _IDENTITY):
            return
        if isinstance(value, Mapping):
            for key, inner in value.items():
                yield from self._left((*path, str(key)), inner)
        elif isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
            for i, inner in enumerate(value):
                yield from self._left((*path, str(i)), inner)
        else:
            yield ".".join(path), value
