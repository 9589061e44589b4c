"""What a finished run leaves: its manifest, and the event made from it."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field

from functions.common.contract.base import Engine, Status, Utc
from monitoring_core.checks.drift import DRIFT_CHECK
from monitoring_core.diagnosis.findings import Kind
from monitoring_core.spec import Frozen
from monitoring_core.window import Window


class WorstFeature(Frozen):
    """One violated check, as messages tell it; `value` and `limit` are None where the check has no number.

    `feature` and `segment` are empty where the check is about all columns, or all rows.
    """

    feature: str
    check: str
    value: float | None
    limit: float | None
    description: str
    metric: str = ""
    segment: str = ""

    @property
    def name(self) -> str:
        """What was measured, and of what; of a feature that drifts, the feature alone.

        Examples
        --------
        >>> found = {"feature": "", "check": "LessThanThreshold", "value": 0.6, "limit": 0.7, "description": ""}
        >>> WorstFeature(**found, metric="auc", segment="origin=EWR").name
        'auc of origin=EWR'
        """
        place = ", ".join(filter(None, (self.feature, self.segment)))
        if self.check == DRIFT_CHECK or not self.metric:
            return place
        return f"{self.metric} of {place}" if place else self.metric


class LabelCounts(Frozen):
    """What became of the events of a window and of the labels; `coverage` is the share of events that have one."""

    events: int
    matched: int
    coverage: float | None
    duplicates: int
    late: int
    labels_without_event: int
    digest: str


class Diagnosed(Frozen):
    """What the change of a window most likely is (`monitoring_core.diagnosis`).

    Attributes
    ----------
    kind : str
        What sort of change it is.
    sentence : str
        The likely cause, for people; empty where nothing stands out.
    """

    kind: Kind
    sentence: str = ""


class Manifest(Frozen):
    """The seal of a run, written last. Numbers that a run could not know are None, never zero."""

    version: Literal[1] = 1
    run_id: str
    endpoint: str
    monitor: str
    schedule: str
    window: Window
    revision: int = 1
    status: Status
    reason: str = ""
    note: str = ""
    engine: Engine
    engine_reason: str
    objects: int | None = None
    bytes: int | None = None
    rows: int | None = None
    quarantined: int | None = None
    labels: LabelCounts | None = None
    violations: int | None = None
    drift_excess: float | None = None
    worst: tuple[WorstFeature, ...] = ()
    diagnosis: Diagnosed | None = None
    baseline_id: str | None = None
    baseline_created_at: Utc | None = None
    files: dict[str, str] = Field(default_factory=dict)
    report: str | None = None

    @property
    def fault(self) -> Diagnosed | None:
        """The diagnosis of a run with violations, if it says that the data are wrong: training cannot mend that."""
        return self.diagnosis if self.diagnosis and self.diagnosis.kind.is_fault and self.violations else None

    @property
    def baseline_age_days(self) -> float | None:
        """Days from the baseline's creation to the window's end; None for a baseline made after the window."""
        if self.baseline_created_at is None or self.baseline_created_at > self.window.end:
            return None
        return (self.window.end - self.baseline_created_at).total_seconds() / 86_400


class MonitorRunCompleted(Frozen):
    """Detail of the event ``Monitor Run Completed``. The same run always gives the same detail."""

    version: Literal["1"] = "1"
    endpoint: str
    monitor: str
    schedule: str
    run_id: str
    window: Window
    revision: int
    status: Status
    violations: int | None
    rows: int | None
    drift_excess: float | None
    worst: tuple[WorstFeature, ...]
    report: str | None
    manifest: str | None
    reason: str

    @classmethod
    def of(cls, manifest: Manifest, uri: str | None) -> Self:
        """Return the event of a finished run, whose manifest lies at `uri`."""
        return cls(**manifest.model_dump(include=set(cls.model_fields) - {"version", "manifest"}), manifest=uri)
