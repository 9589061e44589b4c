"""``constraint_violations.json`` of explainability."""

from __future__ import annotations

from typing import Any

from monitoring_core.checks.evaluation import Check, Evaluation
from monitoring_core.report.sagemaker.json_bytes import encode, number


def dump_explainability_violations(evaluation: Evaluation, *, compat: bool = False) -> bytes:
    """Write the violations, one per label.

    Parameters
    ----------
    compat : bool
        Leave out our extra keys ``metric_value`` and ``threshold``, and slices of the rows.
    """
    checks = [check for check in evaluation.violations if not (compat and check.constraint.subject.segment)]
    return encode({"version": "1.0", "violations": [_entry(check, compat=compat) for check in checks]})


def _entry(check: Check, *, compat: bool) -> dict[str, Any]:
    constraint, measurement = check.constraint, check.measurement
    entry: dict[str, Any] = {
        "label": constraint.subject.column,
        "metric_name": "shap",
        "constraint_check_type": constraint.check_type,
        "description": check.reason,
    }
    if not compat and measurement is not None and constraint.bound.lower is not None:
        entry |= {"metric_value": number(measurement.value), "threshold": number(constraint.bound.lower)}
    return entry
