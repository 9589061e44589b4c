"""Result: what one evaluation found, for people, programs and files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from functions.common.contract import Engine
from monitoring_core.artifacts import RunResult, evaluate_window
from monitoring_core.baseline_files import STATISTICS
from monitoring_core.checks.evaluation import Evaluation, Outcome
from monitoring_core.dataset import Batch, Quarantine
from monitoring_core.errors import NoDataError
from monitoring_core.monitors.weakest import SegmentRank, weakest
from monitoring_core.report.card import render_run_card
from monitoring_core.report.history import EVALUATION_COLUMNS, evaluation_rows
from monitoring_core.report.html import render_run_report
from monitoring_core.report.run_view import RunReport, ViolationRow, violation_rows
from monitoring_core.report.words import lead, verdict
from monitoring_core.window import Window
from watchkeeper.baselines import Baseline


@dataclass(frozen=True, slots=True, repr=False)
class Result:
    """The verdict on one table or window, with everything it rests on.

    A notebook shows it. ``polars.DataFrame(result)``, ``pyarrow.table(result)`` and
    ``pandas.DataFrame(result.to_dicts())`` make a table of it: one row per check, and per measure that nothing checks.

    Attributes
    ----------
    run : RunResult
        Evaluation and files, as the deployed function makes them.
    report : RunReport
        What the page shows.
    """

    run: RunResult
    report: RunReport

    @property
    def evaluation(self) -> Evaluation:
        """Every check and measurement."""
        return self.run.evaluation

    @property
    def outcome(self) -> Outcome:
        """Passed, violated, or not evaluated."""
        return self.evaluation.outcome

    @property
    def rows(self) -> int:
        """Rows analysed."""
        return self.evaluation.n

    @property
    def violations(self) -> list[ViolationRow]:
        """Violated checks in words, the worst first."""
        return violation_rows(self.evaluation)

    @property
    def weakest_segments(self) -> tuple[SegmentRank, ...]:
        """At most ten slices of the rows, the weakest first; none where the monitor has no segments."""
        return weakest(self.evaluation)

    @property
    def files(self) -> Mapping[str, bytes]:
        """Files of the run by name, and its page ``report.html``."""
        return {**self.run.files, "report.html": render_run_report(self.report).encode()}

    def write(self, folder: str | Path) -> Path:
        """Write the files to a folder, which ``watchkeeper report`` takes."""
        path = Path(folder)
        path.mkdir(parents=True, exist_ok=True)
        for name, content in self.files.items():
            (path / name).write_bytes(content)
        return path

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the checks and measures as plain values; undefined numbers are None."""
        return list(evaluation_rows(self.evaluation))

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Hand the checks and measures to anything that speaks Arrow."""
        rows = self.to_dicts()
        columns = ", ".join(f"unnest(?::{column.duckdb_type}[]) AS {column.name}" for column in EVALUATION_COLUMNS)
        values = [[row[column.name] for row in rows] for column in EVALUATION_COLUMNS]
        return duckdb.connect().sql(f"SELECT {columns}", params=values).__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        return f"<Result of {self.evaluation.monitor}: {verdict(self.evaluation)}. {lead(self.evaluation)}>"

    def _repr_html_(self) -> str:
        return render_run_card(self.report)


def judge(
    baseline: Baseline, batches: Iterable[Batch], quarantine: Quarantine, *, window: Window | None = None
) -> Result:
    """Hold rows against a baseline.

    Raises
    ------
    NoDataError
        If there are no rows.
    """
    settings = baseline.settings
    run = evaluate_window(
        settings.spec,
        settings.features(batches),
        baseline.files,
        quarantine=quarantine,
        end=None if window is None else window.end,
    )
    if not run.evaluation.n:
        raise NoDataError(
            f"no row to judge: {quarantine.count} records could not be read, "
            f"{quarantine.out_of_window} are outside the window"
        )
    info = baseline.files.info
    report = RunReport(
        endpoint=settings.endpoint,
        monitor=settings.spec.name,
        evaluation=run.evaluation,
        window=window,
        statistics=_json(run.files),
        baseline_statistics=_json(baseline.files.files),
        run_id="" if window is None else f"{settings.endpoint}/{settings.spec.name}/{window.compact()}",
        baseline_id=baseline.baseline_id,
        baseline_created_at=None if info is None else info.created_at,
        quarantine={str(reason): n for reason, n in quarantine.by_reason.items()},
        engine=Engine.LOCAL,
    )
    return Result(run, report)


def _json(files: Mapping[str, bytes]) -> Any:
    return json.loads(files[STATISTICS]) if STATISTICS in files else None
