"""A run as an evaluation of a model card (`evaluation_details`, contract of the card's JSON schema); pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from functions.common.contract import Manifest, Status
from functions.common.model_card import RUN
from monitoring_core.checks.evaluation import Bound, Check, Evaluation, Measurement, Outcome
from monitoring_core.window import Window

MAX_METRICS: Final = 50
"""Measurements of a monitor, the violated ones first."""
MAX_NAME: Final = 63
_MAX_METRIC_NAME: Final = 255
_MAX_OBSERVATION: Final = 2096
_MAX_TEXT: Final = 1024
_WINDOW, _REVISION, _STATUS = "window", "revision", "status"


def name_of(monitor: str) -> str:
    """Return what the evaluation of a monitor is called."""
    return f"Monitor {monitor}"[:MAX_NAME]


def evaluation_of(manifest: Manifest, uri: str, evaluation: Evaluation | None) -> dict[str, Any]:
    """Return the evaluation that a card shows of a run.

    Parameters
    ----------
    uri : str
        Where the manifest lies.
    evaluation : Evaluation or None
        The whole verdict; None where the run has left none.
    """
    metadata = {
        RUN: manifest.run_id,
        _WINDOW: str(manifest.window),
        _REVISION: str(manifest.revision),
        _STATUS: str(manifest.status),
        "manifest": uri,
        "report": manifest.report or "",
        "baseline_id": manifest.baseline_id or "",
    }
    groups = [{"name": "Run", "metric_data": list(_of_run(manifest))}]
    if evaluation is not None and (measured := list(_measured(evaluation))):
        groups.append({"name": "Measurements", "metric_data": measured})
    return {
        "name": name_of(manifest.monitor),
        "evaluation_observation": _observation(manifest)[:_MAX_OBSERVATION],
        "metadata": {key: text[:_MAX_TEXT] for key, text in metadata.items() if text},
        "metric_groups": groups,
    }


def is_news(before: Mapping[str, Any] | None, run: Manifest) -> bool:
    """Tell whether a card that shows one run has to show another: once a day, and as soon as the verdict is another.

    A run over an earlier window is none, nor is one whose event has come before.
    """
    shown = before.get("metadata", {}) if before else {}
    if not {_WINDOW, _REVISION, _STATUS} <= shown.keys():
        return True
    window, revision = Window.parse(shown[_WINDOW]), int(shown[_REVISION])
    if _order(run.window, run.revision) <= _order(window, revision):
        return False
    is_same_day = run.window.end.date() == window.end.date()
    return not is_same_day or run.window == window or run.status != shown[_STATUS]


def _order(window: Window, revision: int) -> tuple[datetime, int]:
    return window.end, revision


def _observation(manifest: Manifest) -> str:
    window = manifest.window
    verdict = "without violations"
    if manifest.status is Status.COMPLETED_WITH_VIOLATIONS:
        verdict = f"with {manifest.violations} violations"
    told = [
        f"{manifest.rows:,} rows" if manifest.rows is not None else "",
        f"from {window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M} UTC",
        verdict,
    ]
    worst = [f"{found.name or found.check}: {found.description}" for found in manifest.worst[:3]]
    cause = manifest.diagnosis.sentence if manifest.diagnosis else ""
    return "\n".join(filter(None, (" ".join(filter(None, told)), *worst, cause and f"Likely cause: {cause}")))


def _of_run(manifest: Manifest) -> Iterator[dict[str, Any]]:
    numbers = {
        "rows": manifest.rows,
        "violations": manifest.violations,
        "quarantined records": manifest.quarantined,
        "largest drift, in units of its limit": manifest.drift_excess,
        "label coverage": manifest.labels.coverage if manifest.labels else None,
        "age of the baseline, days": manifest.baseline_age_days,
    }
    for name, value in numbers.items():
        if value is not None:
            yield _number(name, value)


def _measured(evaluation: Evaluation) -> Iterator[dict[str, Any]]:
    """Yield what was held against a constraint, the violated first, and whatever is about all rows and columns."""
    order = (Outcome.VIOLATED, Outcome.PASSED, Outcome.NOT_EVALUATED)
    checks = sorted(evaluation.checks, key=lambda check: order.index(check.outcome))
    held = [(check.measurement, _notes(check)) for check in checks if check.measurement is not None]
    overall = [(one, "") for one in evaluation.measurements if not one.subject.column and not one.subject.segment]
    found = dict[str, dict[str, Any]]()
    for measurement, notes in (*held, *overall):
        name = _metric_name(measurement)
        if math.isfinite(measurement.value):
            found.setdefault(name, _number(name, measurement.value, notes))
    yield from list(found.values())[:MAX_METRICS]


def _metric_name(measurement: Measurement) -> str:
    return ", ".join(filter(None, (measurement.metric, measurement.subject.column, measurement.subject.segment)))


def _notes(check: Check) -> str:
    return "; ".join(filter(None, (str(check.outcome), _limits(check.constraint.bound), check.reason)))


def _limits(bound: Bound) -> str:
    sides = {"at least": bound.lower, "at most": bound.upper}
    return ", ".join(f"{side} {value:.6g}" for side, value in sides.items() if value is not None)


def _number(name: str, value: float, notes: str = "") -> dict[str, Any]:
    noted = {"notes": notes[:_MAX_TEXT]} if notes else {}
    return {"name": name[:_MAX_METRIC_NAME], "type": "number", "value": value, **noted}
