"""What the change of a window most likely is, from the files of a run and of its baseline."""

from __future__ import annotations

from dataclasses import replace

from functions.common.contract import Diagnosed, RunSpec
from monitoring_core.artifacts import RunResult
from monitoring_core.baseline_files import STATISTICS, BaselineFiles
from monitoring_core.diagnosis.findings import Kind
from monitoring_core.diagnosis.rules import Facts, diagnose
from monitoring_core.monitors.data_quality.analysis import load_reference


def diagnose_run(run: RunSpec, baseline: BaselineFiles, result: RunResult, captured: Facts) -> Diagnosed | None:
    """Return the diagnosis of a run that found violations, where it has column statistics to tell it by; else None.

    Parameters
    ----------
    captured : Facts
        What is known about the capture; the columns come from the result.
    """
    if run.spec.kind != "data-quality" or not result.violations or STATISTICS not in result.files:
        return None
    drifted = dict.fromkeys(check.constraint.subject.column for check in result.evaluation.violations)
    facts = replace(captured, drifted=tuple(drifted))
    found = diagnose(load_reference(baseline.files), load_reference(result.files), facts)
    return None if found.kind is Kind.NONE else Diagnosed(kind=found.kind, sentence=found.sentence)
