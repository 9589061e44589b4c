"""One monitor of one endpoint."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from functions.common.contract.base import CaptureSource, Name, Prefix, Runtime
from functions.common.grid import Grid
from monitoring_core.spec import Frozen, MonitorSpec
from monitoring_core.window import Window


class RunSpec(Frozen):
    """One monitor of one endpoint, as the state machine's definition carries it.

    Attributes
    ----------
    capture_prefix : str
        ``s3://.../<endpoint>/``; below it are variants, then hours. Of a batch transform it is
        ``DataCapturedDestinationS3Uri``; below it are ``input/`` and ``output/``, then hours.
    source : CaptureSource
        What captured the data.
    variant : str
        The only variant that is watched; empty: all.
    period_seconds, offset_seconds : int
        Windows end at ``offset + k * period`` seconds after 1970-01-01T00:00:00Z.
    ground_truth_prefixes : tuple of str
        Where labels are; empty for a monitor that needs none.
    lag_seconds : int
        A window is due when its labels have had so much time to arrive.
    final_seconds : int
        A window is run again when so much time has passed since its end, on the labels that have come until then;
        0: it is not.
    emit : tuple of str
        Features, or metrics, whose CloudWatch metrics of Amazon's names are published.
    runtime : Runtime
        Which engine is to fold the data.
    """

    endpoint: Name
    monitor: Name
    schedule: Name
    bucket: str
    capture_prefix: Prefix
    source: CaptureSource = CaptureSource.ENDPOINT
    variant: str = ""
    period_seconds: Annotated[int, Field(gt=0)]
    offset_seconds: Annotated[int, Field(ge=0)] = 0
    ground_truth_prefixes: tuple[Prefix, ...] = ()
    lag_seconds: Annotated[int, Field(ge=0)] = 0
    final_seconds: Annotated[int, Field(ge=0)] = 0
    emit: tuple[str, ...] = ()
    runtime: Runtime = Runtime.AUTO
    spec: MonitorSpec
    report_title: str = ""

    @property
    def grid(self) -> Grid:
        """The windows of the schedule."""
        return Grid(timedelta(seconds=self.period_seconds), timedelta(seconds=self.offset_seconds))

    @property
    def lag(self) -> timedelta:
        """How long the labels of a window may take."""
        return timedelta(seconds=self.lag_seconds)

    def due(self, window: Window) -> datetime:
        """Return when a run over `window` is due: at the first end of a window by which its labels have come."""
        return self.grid.ending_from(window.end + self.lag).end

    def labels_until(self, window: Window, *, final: bool) -> datetime | None:
        """Return the moment until which labels count; None for a monitor that needs none."""
        if not self.ground_truth_prefixes:
            return None
        return window.end + timedelta(seconds=self.final_seconds) if final else self.due(window)

    def run_id(self, window: Window) -> str:
        """Return the name of the run over `window`."""
        return f"{self.endpoint}/{self.monitor}/{window.compact()}"

    def report_prefix(self, window: Window) -> str:
        """Return where the run over `window` writes: the hour of its end, and the minute where that is not zero."""
        end = window.end
        minute = f"{end:%M}/" if end.minute else ""
        return f"s3://{self.bucket}/reports/{self.endpoint}/{self.schedule}/{end:%Y/%m/%d/%H}/{minute}"

    def history_uri(self, window: Window, revision: int = 1) -> str:
        """Return where the measurements of the run over `window` are kept."""
        suffix = "" if revision == 1 else f".rev-{revision}"
        return (
            f"s3://{self.bucket}/history/endpoint={self.endpoint}/monitor={self.monitor}/"
            f"date={window.start:%Y-%m-%d}/{window.compact()}{suffix}.parquet"
        )

    @property
    def baselines(self) -> str:
        """Where the monitor's baselines are kept."""
        return f"s3://{self.bucket}/baselines/{self.endpoint}/{self.monitor}/"

    @property
    def work(self) -> str:
        """Where jobs find what they are to do, and leave what they have done."""
        return f"s3://{self.bucket}/work/{self.endpoint}/"
