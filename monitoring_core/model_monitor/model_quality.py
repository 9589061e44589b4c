"""Amazon's model-quality files as an evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from monitoring_core.baseline_files import CONSTRAINTS, STATISTICS
from monitoring_core.checks.evaluation import Evaluation, Subject
from monitoring_core.errors import DataError
from monitoring_core.model_monitor.reported import Reported, as_reported
from monitoring_core.monitors.model_quality.constraints import as_checks
from monitoring_core.monitors.model_quality.texts import reported_name
from monitoring_core.report.sagemaker.model_quality import load_quality_statistics
from monitoring_core.report.sagemaker.model_quality_constraints import load_quality_constraints
from monitoring_core.report.sagemaker.violations import load_violations
from monitoring_core.spec import ModelQualitySpec

_NOT_MEASURED: Final = "not in Amazon's statistics"


def read(
    spec: ModelQualitySpec, files: Mapping[str, bytes], violations: bytes, baseline: Mapping[str, bytes]
) -> Evaluation:
    """Return what the analyzer found."""
    if STATISTICS not in files:
        raise DataError(
            f"the analyzer wrote no {STATISTICS}; found: {', '.join(files) or 'no files'}; see the job's log"
        )
    rows, measured = load_quality_statistics(spec.problem_type, files[STATISTICS])
    limits = load_quality_constraints(spec.problem_type, baseline[CONSTRAINTS])
    names = {reported_name(metric): metric for metric in limits}
    reported = [_reported(entry, names) for entry in load_violations(violations)]
    constraints = as_checks(limits, spec, compat=True)
    return as_reported(spec.name, rows, measured, constraints, reported, unmeasured=_NOT_MEASURED)


def _reported(entry: Mapping[str, object], names: Mapping[str, str]) -> Reported:
    name = str(entry.get("metric_name", ""))
    return Reported.of(entry, Subject(segment=str(entry.get("segment", ""))), names.get(name, name))
