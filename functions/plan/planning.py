"""The decision of Plan, apart from its input and output."""

from __future__ import annotations

from functions.common.capture import CaptureListing
from functions.common.contract import Engine, Plan, PlanInput, RunSpec
from functions.common.metric_time import refusal


def make_plan(run: RunSpec, capture: CaptureListing, asked: PlanInput) -> Plan:
    """Plan the run: engine `none` where no object can hold a record of the window, else `function`."""
    window, objects, size = capture.window, len(capture.own), sum(item.size for item in capture.own)
    if capture.objects:
        near = len(capture.near)
        engine, reason = Engine.FUNCTION, f"{objects} capture objects begun in the window, {near} near it, {size} bytes"
    else:
        engine, reason = Engine.NONE, f"no capture object under {run.capture_prefix} for {window}"
    return Plan(
        run_id=run.run_id(window),
        window=window,
        engine=engine,
        engine_reason=reason,
        objects=objects,
        bytes=size,
        report_prefix=run.report_prefix(window),
        labels_until=run.labels_until(window, final=asked.request.final),
        note=refusal(run.due(window), asked.started_at),
    )
