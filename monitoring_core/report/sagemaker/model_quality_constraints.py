"""``constraints.json`` and ``constraint_violations.json`` of the model-quality monitor (contract 5.3, 5.4)."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from monitoring_core.checks.evaluation import Check, Evaluation
from monitoring_core.errors import BaselineError
from monitoring_core.monitors.model_quality.constraints import Comparison, Limit, Limits
from monitoring_core.monitors.model_quality.texts import reported_name
from monitoring_core.report.sagemaker.json_bytes import encode, number
from monitoring_core.report.sagemaker.violations import limit
from monitoring_core.spec.model_quality import ProblemType

_SECTIONS: Final = {
    ProblemType.BINARY: "binary_classification_constraints",
    ProblemType.MULTICLASS: "multiclass_classification_constraints",
    ProblemType.REGRESSION: "regression_constraints",
}


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    threshold: float
    comparison_operator: Comparison


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    binary_classification_constraints: dict[str, _Entry] | None = None
    multiclass_classification_constraints: dict[str, _Entry] | None = None
    regression_constraints: dict[str, _Entry] | None = None


def dump_quality_constraints(problem: ProblemType, limits: Limits) -> bytes:
    """Write thresholds and their directions.

    Examples
    --------
    >>> limits = {"mae": Limit(0.5, Comparison.GREATER)}
    >>> written = dump_quality_constraints(ProblemType.REGRESSION, limits)
    >>> load_quality_constraints(ProblemType.REGRESSION, written) == limits
    True
    """
    section = {
        metric: {"threshold": number(entry.threshold), "comparison_operator": entry.comparison}
        for metric, entry in limits.items()
    }
    return encode({"version": 0.0, _SECTIONS[problem]: section})


def load_quality_constraints(problem: ProblemType, data: bytes) -> dict[str, Limit]:
    """Read thresholds, Amazon's or ours.

    Raises
    ------
    BaselineError
        If the file is not a constraints file, or of another problem.

    Examples
    --------
    >>> load_quality_constraints(ProblemType.BINARY, b'{"regression_constraints": {}}')
    Traceback (most recent call last):
    monitoring_core.errors.BaselineError: constraints.json has no binary_classification_constraints (found: \
regression_constraints); a baseline of BinaryClassification is needed: make it again
    """
    try:
        file = _File.model_validate_json(data.removeprefix(b"\xef\xbb\xbf"))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the top level"
        raise BaselineError(
            f"constraints.json cannot be read: at {where}: {first['msg']}; make the baseline again, or correct the file"
        ) from None
    given = {name: entries for name, entries in file if entries is not None}
    if _SECTIONS[problem] not in given:
        raise BaselineError(
            f"constraints.json has no {_SECTIONS[problem]} (found: {', '.join(given) or 'none'}); a baseline of "
            f"{problem} is needed: make it again"
        )
    entries: dict[str, _Entry] = given[_SECTIONS[problem]]
    return {metric: Limit(entry.threshold, entry.comparison_operator) for metric, entry in entries.items()}


def dump_quality_violations(evaluation: Evaluation, *, compat: bool = False) -> bytes:
    """Write the violations in the order of checking.

    Parameters
    ----------
    compat : bool
        Leave out our extra keys ``metric_value``, ``threshold`` and ``segment``.
    """
    return encode({"violations": [_violation(check, compat=compat) for check in evaluation.violations]})


def _violation(check: Check, *, compat: bool) -> dict[str, Any]:
    constraint = check.constraint
    entry: dict[str, Any] = {
        "constraint_check_type": constraint.check_type,
        "description": check.reason,
        "metric_name": reported_name(constraint.metric),
    }
    if not compat and check.measurement is not None:
        entry |= {"metric_value": number(check.measurement.value), "threshold": number(limit(check))}
    if not compat and constraint.subject.segment:
        entry["segment"] = constraint.subject.segment
    return entry
