"""What a person reads after a run, and what a script gets."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from functions.common.findings import finite, label_counts
from monitoring_core.checks.evaluation import Outcome
from monitoring_core.dataset import JoinReport, Quarantine
from monitoring_core.report.run_view import segment_rows
from monitoring_core.report.words import count, lead, percent, verdict
from watchkeeper.output import Output
from watchkeeper.result import Result

STYLES = {Outcome.VIOLATED: "bold red", Outcome.PASSED: "bold green", Outcome.NOT_EVALUATED: "bold yellow"}


def say_result(output: Output, result: Result, quarantine: Quarantine, labels: JoinReport | None, folder: Path) -> None:
    """Say the verdict, what is violated, the weakest segments, and where the report is."""
    evaluation = result.evaluation
    output.say(verdict(evaluation), style=STYLES[evaluation.outcome])
    output.say(lead(evaluation))
    output.table(
        ("feature", "problem", "measured", "allowed", "rows"),
        ((row.feature, row.title, row.measured, row.limit, row.n) for row in result.violations),
    )
    segments = segment_rows(evaluation)
    if segments:
        output.say("weakest segments:")
    output.table(
        ("segment", "measure", "measured", "allowed", "rows", "verdict"),
        ((row.segment, row.metric, row.measured, row.limit, row.n, row.outcome) for row in segments),
    )
    say_labels(output, labels)
    say_unreadable(output, quarantine, folder / "quarantine.jsonl")
    output.say(f"report: {folder / 'report.html'}")
    output.result(
        {
            "monitor": evaluation.monitor,
            "outcome": evaluation.outcome,
            "rows": evaluation.n,
            "violations": json.loads(result.files["constraint_violations.json"])["violations"],
            "drift_excess": finite(result.run.drift_excess),
            "weakest_segments": [asdict(row) for row in segments],
            "labels": label_coverage(labels),
            "quarantined": quarantine.count,
            "quarantine": result.report.quarantine,
            "baseline_id": result.report.baseline_id,
            "folder": str(folder),
        }
    )


def say_labels(output: Output, labels: JoinReport | None) -> None:
    """Say how many events have a label."""
    if labels is None:
        return
    text = f"labels: {labels.matched:,} of {count(labels.events, 'event')} ({percent(labels.coverage)})"
    others = {
        "given again (the last one counts)": labels.duplicates,
        "of events that were not captured": labels.labels_without_event,
    }
    output.say("; ".join([text, *(f"{n:,} {what}" for what, n in others.items() if n)]))


def say_unreadable(output: Output, quarantine: Quarantine, kept: Path | None = None) -> None:
    """Say which records could not be read, and where they are."""
    if quarantine.count:
        where = "" if kept is None else f"; see {kept}"
        output.say(f"{count(quarantine.count, 'record')} could not be read and counted nowhere{where}", style="yellow")
        output.table(("reason", "records"), ((reason, f"{n:,}") for reason, n in quarantine.by_reason.items()))


def label_coverage(labels: JoinReport | None) -> dict[str, Any] | None:
    """Return what became of the labels, as the manifest has it."""
    return None if labels is None else label_counts(labels).model_dump()
