"""``constraint_violations.json`` of bias."""

from __future__ import annotations

from typing import Any

from monitoring_core.checks.evaluation import Check, Evaluation
from monitoring_core.monitors.model_bias.report import BiasReport, FacetReport
from monitoring_core.report.sagemaker.json_bytes import encode, number


def bias_violations(evaluation: Evaluation, report: BiasReport, *, compat: bool = False) -> list[dict[str, Any]]:
    """Return the entries of the violations file by facet and metric, with the groups as this window prints them.

    Parameters
    ----------
    compat : bool
        Leave out our extra keys ``metric_value``, ``lower_bound`` and ``upper_bound``.
    """
    return [
        _entry(check, facet, compat=compat)
        for facet in report.facets
        for check in sorted(evaluation.violations, key=lambda check: check.constraint.metric)
        if check.constraint.subject.column == facet.subject
    ]


def dump_bias_violations(evaluation: Evaluation, report: BiasReport, *, compat: bool = False) -> bytes:
    """Write the violations in the order of checking."""
    return encode({"version": "1.0", "violations": bias_violations(evaluation, report, compat=compat)})


def _entry(check: Check, facet: FacetReport, *, compat: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "facet": facet.facet,
        "facet_value": facet.printed,
        "metric_name": check.constraint.metric,
        "constraint_check_type": check.constraint.check_type,
        "description": check.reason,
    }
    if not compat and check.measurement is not None:
        bound = check.constraint.bound
        entry["metric_value"] = number(check.measurement.value)
        entry |= {"lower_bound": _end(bound.lower), "upper_bound": _end(bound.upper)}
    return entry


def _end(value: float | None) -> float | str | None:
    return None if value is None else number(value)
