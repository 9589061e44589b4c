"""Clarify's bias files as an evaluation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from monitoring_core.checks.evaluation import Evaluation, Subject
from monitoring_core.errors import DataError
from monitoring_core.model_monitor.reported import Reported, as_reported
from monitoring_core.monitors.model_bias.analysis import ANALYSIS
from monitoring_core.monitors.model_bias.groups import subject_of
from monitoring_core.monitors.model_bias.monitor import ModelBias
from monitoring_core.monitors.model_bias.report import measurements
from monitoring_core.report.sagemaker.bias import load_bias_analysis
from monitoring_core.report.sagemaker.violations import load_violations
from monitoring_core.spec import ModelBiasSpec

_NOT_MEASURED: Final = "not in Clarify's analysis of this window"


def read(
    spec: ModelBiasSpec, files: Mapping[str, bytes], violations: bytes, baseline: Mapping[str, bytes]
) -> Evaluation:
    """Return what Clarify found; its file does not tell how many rows it analysed."""
    if ANALYSIS not in files:
        raise DataError(f"Clarify wrote no {ANALYSIS}; found: {', '.join(files) or 'no files'}; see the job's log")
    found = [one for one in measurements(load_bias_analysis(files[ANALYSIS])) if not math.isnan(one.value)]
    good = measurements(load_bias_analysis(baseline[ANALYSIS]))
    constraints = ModelBias(spec, compat=True).constraints(good)
    reported = [_reported(entry) for entry in load_violations(violations)]
    return as_reported(spec.name, 0, found, constraints, reported, unmeasured=_NOT_MEASURED)


def _reported(entry: Mapping[str, object]) -> Reported:
    group = subject_of(str(entry.get("facet", "")), str(entry.get("facet_value", "")))
    return Reported.of(entry, Subject(group), str(entry.get("metric_name", "")))
