"""What the change of a window most likely is, from the files of a run and of its baseline."""

from __future__ import annotations

import math

from functions.common.contract import Diagnosed, Plan, RunSpec
from monitoring_core.artifacts import RunResult
from monitoring_core.baseline_files import STATISTICS, BaselineFiles
from monitoring_core.diagnosis.findings import Kind
from monitoring_core.diagnosis.rules import Facts, diagnose
from monitoring_core.engines.partial import Merged
from monitoring_core.monitors.data_quality.analysis import load_reference


def diagnose_run(
    run: RunSpec, plan: Plan, baseline: BaselineFiles, result: RunResult, folded: Merged
) -> Diagnosed | None:
    """Return the diagnosis of a run that found violations, where it has column statistics to tell it by; else None."""
    if run.spec.kind != "data-quality" or not result.violations or STATISTICS not in result.files:
        return None
    unreadable, repeated = folded.quarantine.count, folded.repetitions.share
    records = result.evaluation.n + unreadable
    drifted = dict.fromkeys(check.constraint.subject.column for check in result.evaluation.violations)
    facts = Facts(
        drifted=tuple(drifted),
        duplicate_share=None if math.isnan(repeated) else repeated,
        unreadable_share=unreadable / records if records else None,
        empty_hours_share=plan.empty_hours_share,
    )
    found = diagnose(load_reference(baseline.files), load_reference(result.files), facts)
    return None if found.kind is Kind.NONE else Diagnosed(kind=found.kind, sentence=found.sentence)
