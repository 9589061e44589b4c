"""Amazon's files, written and read: statistics, constraints, violations (contract 4)."""

from monitoring_core.report.sagemaker.constraints import dump_constraints, load_constraints
from monitoring_core.report.sagemaker.statistics import dump_statistics, load_statistics
from monitoring_core.report.sagemaker.violations import dump_violations, load_violations

__all__ = [
    "dump_constraints",
    "dump_statistics",
    "dump_violations",
    "load_constraints",
    "load_statistics",
    "load_violations",
]
