"""From a request to passes: what reads the same data is read once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from functions.common.baselines import BaselineStore
from functions.common.capture import CaptureListing
from functions.common.contract import CaptureSource, Engine, Pass, Plan, PlanInput, PlannedRun, RunSpec, Runtime
from functions.common.gaps import share_of_empty_hours
from functions.common.listing import list_window
from functions.common.metric_time import refusal
from functions.common.runs import requested_runs, resolve_window
from functions.common.transform import TransformJob
from functions.plan.choice import Choice, Size, choose_by_size, take_wish
from functions.plan.estimate import estimate_rows
from functions.plan.job import place_of, write_job
from functions.plan.turns import CounterTable, take_turn
from monitoring_core.spec import SchemaSpec
from monitoring_core.window import Window


@dataclass(frozen=True, slots=True)
class Reading:
    """What a run reads, and what is to read it: runs of which all this is equal share a pass."""

    window: Window
    labels_until: datetime | None
    labels_due: datetime | None
    source: CaptureSource
    variant: str
    capture_prefix: str
    ground_truth_prefixes: tuple[str, ...]
    columns: SchemaSpec
    runtime: Runtime


def plan_passes(asked: PlanInput) -> Iterator[Pass]:
    """Yield the passes of a request, in the order of its runs; those that a job folds are written down for it."""
    job = TransformJob.named(asked.request.transform_job) if asked.request.transform_job else None
    readings: dict[Reading, list[RunSpec]] = {}
    for run in requested_runs(asked.runs, asked.request, job.captured if job else None):
        window = resolve_window(run, asked.request, job.end if job else None)
        readings.setdefault(_reading(run, window, asked), []).append(run)
    listings: dict[tuple[CaptureSource, str, Window, str], CaptureListing] = {}
    for index, (reading, runs) in enumerate(readings.items()):
        place = (reading.source, reading.capture_prefix, reading.window, reading.variant)
        if place not in listings:
            listings[place] = list_window(*place)
        yield _plan_pass(reading, runs, listings[place], asked, index, job)


def _reading(run: RunSpec, window: Window, asked: PlanInput) -> Reading:
    until = run.labels_until(window, final=asked.request.final)
    return Reading(
        window=window,
        labels_until=until,
        labels_due=None if until is None else run.due(window),
        source=run.source,
        variant=run.variant,
        capture_prefix=run.capture_prefix,
        ground_truth_prefixes=run.ground_truth_prefixes,
        columns=run.spec.columns,
        runtime=run.runtime,
    )


def _plan_pass(
    reading: Reading,
    runs: list[RunSpec],
    capture: CaptureListing,
    asked: PlanInput,
    index: int,
    job: TransformJob | None,
) -> Pass:
    choice = _choose(reading, capture, asked)
    place = place_of(runs[0], capture.window, asked.execution, index)
    gaps = _gaps(reading, runs, capture)
    planned = Pass(
        id=place.id,
        engine=choice.engine,
        engine_reason=choice.reason,
        runs=tuple(PlannedRun(run=run, plan=_plan(run, capture, choice, asked, job, gaps)) for run in runs),
    )
    if not choice.engine.is_job:
        return planned
    return write_job(planned, place, capture, asked.job_inputs.get(choice.engine, ()), _turn(asked))


def _turn(asked: PlanInput) -> datetime | None:
    """Return when it is the turn of another job; None where jobs take no turns."""
    if not asked.turns or asked.started_at is None:
        return None
    return take_turn(CounterTable(asked.turns), asked.started_at)


def _choose(reading: Reading, capture: CaptureListing, asked: PlanInput) -> Choice:
    if not capture.objects:
        return Choice(Engine.NONE, f"no capture object under {reading.capture_prefix} for {capture.window}")
    own, near = (sum(item.size for item in part) for part in (capture.own, capture.near))
    found = (
        f"{len(capture.own)} capture objects begun in the window, {own:,} bytes, "
        f"{len(capture.near)} near it, {near:,} bytes"
    )
    if reading.runtime is not Runtime.AUTO:
        choice = take_wish(reading.runtime, asked.engines)
        return Choice(choice.engine, f"{choice.reason}; {found}")
    estimate = estimate_rows([*capture.own, *capture.near])
    choice = choose_by_size(Size(own + near, estimate.rows), asked.limits, asked.engines)
    return Choice(choice.engine, f"{choice.reason}; {found}, {estimate.found}", choice.note)


def _gaps(reading: Reading, runs: list[RunSpec], capture: CaptureListing) -> float | None:
    """Return the share of empty hours, which the diagnosis of data quality asks for."""
    if reading.source is not CaptureSource.ENDPOINT or not any(run.spec.kind == "data-quality" for run in runs):
        return None
    return share_of_empty_hours(reading.capture_prefix, reading.variant, capture) if capture.objects else None


def _plan(
    run: RunSpec,
    capture: CaptureListing,
    choice: Choice,
    asked: PlanInput,
    job: TransformJob | None,
    empty_hours_share: float | None,
) -> Plan:
    window, baseline = capture.window, BaselineStore(run.baselines).pointer()
    refused = refusal(run.due(window), asked.started_at)
    return Plan(
        run_id=run.run_id(window),
        window=window,
        engine=choice.engine,
        engine_reason=choice.reason,
        objects=len(capture.own),
        bytes=sum(item.size for item in capture.own),
        empty_hours_share=empty_hours_share,
        report_prefix=run.report_prefix(window),
        labels_until=run.labels_until(window, final=asked.request.final),
        baseline_id=baseline.baseline_id if baseline else None,
        baseline_model=baseline.model if baseline else None,
        metrics=not refused,
        job_end=job.end if job else None,
        note="; ".join(filter(None, (refused, choice.note))),
    )
