"""Whether new training would help, by what the monitors have found; no input or output here."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from functions.common.contract import Manifest
from functions.retrain.incidents import OPEN, Incident
from functions.retrain.settings import Watched
from functions.retrain.trigger import Raised

ABOUT_DATA: Final = frozenset({"data-integrity", "data-quality"})

Telling = Mapping[str, tuple[Watched, Manifest]]
"""The run that tells what is wrong, by monitoring schedule."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What the monitors say when an incident is decided.

    Attributes
    ----------
    veto : str
        Why new training would not help; empty where nothing is known against it.
    labels : int or None
        Labelled rows at hand; None where nobody has counted.
    window_end : datetime or None
        End of the last window that was judged.
    """

    veto: str = ""
    labels: int | None = None
    window_end: datetime | None = None


def veto(
    raised: Raised, others: Collection[Incident], telling: Telling, beside: Telling, alarms: Mapping[str, Watched]
) -> str:
    """Return why new training would not help; empty where nothing is known against it.

    Parameters
    ----------
    others : collection of Incident
        The endpoint's other incidents.
    beside : mapping of str to (Watched, Manifest)
        What the monitors found when what is raised happened.
    alarms : mapping of str to Watched
        What each alarm watches.
    """
    faults = dict.fromkeys((*_diagnoses(telling), *_diagnoses(beside)))
    return "; ".join((*faults, *_bad_data(raised, others, telling, alarms)))


def _diagnoses(telling: Telling) -> Iterator[str]:
    for watched, run in telling.values():
        if run.fault is not None:
            kind = run.fault.kind.replace("-", " ")
            yield f"{watched.kind} found what looks like a {kind}: {run.fault.sentence}"


def _bad_data(
    raised: Raised, others: Collection[Incident], telling: Telling, alarms: Mapping[str, Watched]
) -> Iterator[str]:
    """Yield the open incidents about the data themselves: data are mended where they are made, not by training."""
    mine = alarms.get(raised.source)
    if mine is not None and mine.kind == "data-integrity":
        yield "the data are damaged; training on them would not help"
    for other in others:
        theirs = alarms.get(other.source)
        if theirs is None or theirs.kind not in ABOUT_DATA or other.status != OPEN or other.source == raised.source:
            continue
        _, run = telling.get(theirs.schedule, (theirs, None))
        is_shift = run is not None and run.diagnosis is not None and run.diagnosis.kind.calls_for_retraining
        if not is_shift:
            yield f"the {theirs.kind} incident {other.incident_id} is open"
