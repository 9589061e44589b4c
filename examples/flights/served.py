"""Which model served when, how it came into service, and how good it was there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import fmean

from examples.flights.outcome import Outcome, Run
from functions.promote.record import Deployment, Status

DATA, QUALITY = "data-quality", "model-quality"


@dataclass(frozen=True, slots=True)
class Service:
    """The time of one model in service.

    Attributes
    ----------
    since, until : datetime, datetime or None
        From all of the traffic on; until another model had all of it.
    """

    deployment: Deployment
    since: datetime
    until: datetime | None

    @property
    def model(self) -> str:
        """The model in words."""
        version = self.deployment.version
        return "the first model" if version is None else f"version {version}"

    def whole_days(self, runs: Sequence[Run]) -> list[Run]:
        """Return the runs with a verdict on days that this model served from beginning to end."""
        windows = [(run, run.manifest.window) for run in runs if run.evaluation is not None]
        return [
            run
            for run, window in windows
            if window.start >= self.since and (self.until is None or window.end <= self.until)
        ]


def services(deployments: Sequence[Deployment]) -> list[Service]:
    """Return the models that were in service, in order."""
    done = [(one, one.ended_at) for one in deployments if one.status is Status.SUCCEEDED and one.ended_at]
    ends = [*(ended_at for _, ended_at in done[1:]), None]
    return [Service(one, ended_at, until) for (one, ended_at), until in zip(done, ends, strict=True)]


def serving(found: Sequence[Service], runs: Sequence[Run]) -> str:
    """Name the models that served in some windows."""
    start, end = runs[0].manifest.window.start, runs[-1].manifest.window.end
    names = [one.model for one in found if one.since < end and (one.until is None or one.until > start)]
    return ", then ".join(names)


@dataclass(frozen=True, slots=True)
class Record:
    """What the monitors found while a model served.

    Attributes
    ----------
    violated, judged : int
        Days with violations of data quality, and days with a verdict.
    missed : int
        The same of model quality, of `labelled` days.
    auc, recall : float or None
        Means of the days.
    """

    service: Service
    violated: int
    judged: int
    missed: int
    labelled: int
    auc: float | None
    recall: float | None


def records(outcome: Outcome) -> Iterator[Record]:
    """Yield how each model did."""
    data, quality = outcome.runs(DATA), outcome.runs(QUALITY)
    for service in services(outcome.deployments()):
        days, labelled = service.whole_days(data), service.whole_days(quality)
        yield Record(
            service,
            sum(run.violated for run in days),
            len(days),
            sum(run.violated for run in labelled),
            len(labelled),
            _mean(labelled, "auc"),
            _mean(labelled, "recall"),
        )


def _mean(runs: Sequence[Run], metric: str) -> float | None:
    values = [found.value for run in runs if (found := run.measured(metric)) is not None]
    return fmean(values) if values else None


def steps(outcome: Outcome, service: Service) -> Iterator[tuple[datetime, str]]:
    """Yield how a model came into service, step by step."""
    one = service.deployment
    if not one.package:
        yield service.since, "deployed by `cdk deploy`"
        return
    package = next(p for p in outcome.model_packages() if p["ModelPackageArn"] == one.package)
    yield package["CreationTime"].astimezone(UTC), f"registered for incident {one.incident_id}"
    yield one.requested_at, "approved by a person"
    yield from outcome.traffic(one.config_name)
    yield service.since, "in service, champion in SSM"
    yield service.since, f"new baselines in force: {', '.join(outcome.rebound(one.identity)) or 'none'}"
