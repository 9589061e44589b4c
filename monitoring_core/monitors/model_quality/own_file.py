"""``model_quality.json``: what our baselines hold beside Amazon's files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from monitoring_core.errors import BaselineError
from monitoring_core.monitors.model_quality.constraints import Comparison, Limit, Limits
from monitoring_core.report.sagemaker.json_bytes import encode

OWN_FILE: Final = "model_quality.json"


@dataclass(frozen=True, slots=True)
class OwnFile:
    """Content of the file.

    Attributes
    ----------
    positive_label : str or None
        The positive class, given or found.
    segments : mapping of str to limits
        What each segment must satisfy.
    """

    positive_label: str | None = None
    segments: Mapping[str, Limits] = field(default_factory=dict)


class _Limit(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    threshold: float
    comparison_operator: Comparison


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    positive_label: str | None = None
    segments: dict[str, dict[str, _Limit]] = {}


def dump_own_file(content: OwnFile) -> bytes:
    """Write the file.

    Examples
    --------
    >>> content = OwnFile("yes", {"origin=JFK": {"auc": Limit(0.7, Comparison.LESS)}})
    >>> load_own_file(dump_own_file(content)) == content
    True
    """
    segments = {
        segment: {
            metric: {"threshold": limit.threshold, "comparison_operator": limit.comparison}
            for metric, limit in limits.items()
        }
        for segment, limits in content.segments.items()
    }
    return encode({"version": 1, "positive_label": content.positive_label, "segments": segments})


def load_own_file(data: bytes) -> OwnFile:
    """Read the file.

    Raises
    ------
    BaselineError
        If it is something else.
    """
    try:
        file = _File.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise BaselineError(f"{OWN_FILE} cannot be read: {first['msg']}; make the baseline again") from None
    segments = {
        segment: {metric: Limit(limit.threshold, limit.comparison_operator) for metric, limit in limits.items()}
        for segment, limits in file.segments.items()
    }
    return OwnFile(file.positive_label, segments)
