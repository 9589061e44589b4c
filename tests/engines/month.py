"""A month of flights, sent thirty times faster: what fills one daily window, for every place a monitor runs.

Model Monitor has no windows longer than a day, so the month's hours are sent two minutes apart. The score is a formula,
so that nothing has to be trained.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import pandas as pd

from examples.flights.data import FEATURES, LABEL, Request, as_csv, between, ground_truth, load_flights, requests

COLUMNS = ("probability", *FEATURES)
APRIL = datetime(2013, 4, 1, tzinfo=UTC)
TRAINED = datetime(2013, 3, 1, tzinfo=UTC)
DAYS = 30
SPEED = 30
UNLABELLED = 25
"""Every so many-th request never gets its labels."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """Objects in Amazon's layout, by key: below the endpoint's capture prefix, and below that of the labels."""

    captured: Mapping[str, bytes]
    labels: Mapping[str, bytes]
    rows: int
    calls: int


def training_set() -> bytes:
    """The first two days of March, with scores and labels, as CSV: few enough for sketches that are exact."""
    march = _scored(between(_flights(), TRAINED, TRAINED + timedelta(days=2)))
    return as_csv(march[[*COLUMNS, LABEL]], header=True).encode()


def month(day: datetime) -> Traffic:
    """April's flights as the traffic of one day."""
    return traffic(between(_flights(), APRIL, APRIL + DAYS * timedelta(days=1)), APRIL, day, SPEED)


def one_day(day: datetime) -> Traffic:
    """Return the flights of one day as they were."""
    return traffic(between(_flights(), day, day + timedelta(days=1)), day, day, 1)


def traffic(flights: pd.DataFrame, first: datetime, day: datetime, speed: int) -> Traffic:
    """One request an hour, `speed` times faster, from `day` on; labels lie beside the hours of their events."""
    scores = _scored(flights).groupby("time", sort=True)["probability"]
    captured: dict[str, list[str]] = {}
    labels: dict[str, list[str]] = {}
    calls = list(requests(flights))
    for number, (request, (_, scored)) in enumerate(zip(calls, scores, strict=True)):
        moment = day + (request.time - first) / speed
        captured.setdefault(f"AllTraffic/{moment:%Y/%m/%d/%H}/00-00-000-a.jsonl", []).append(
            _captured(request, scored, moment)
        )
        if number % UNLABELLED:
            labels.setdefault(f"{moment:%Y/%m/%d/%H}/0000.jsonl", []).append(ground_truth(request))
    return Traffic(_objects(captured), _objects(labels), len(flights), len(calls))


def _captured(request: Request, scores: pd.Series[float], moment: datetime) -> str:
    sides = {"endpointInput": request.body.rstrip("\n"), "endpointOutput": "\n".join(map(str, scores))}
    data = {
        side: {"data": text, "mode": side.removeprefix("endpoint").upper(), "encoding": "CSV"}
        | {"observedContentType": "text/csv"}
        for side, text in sides.items()
    }
    metadata = {"eventId": request.inference_id, "inferenceTime": f"{moment:%Y-%m-%dT%H:%M:%SZ}"}
    return json.dumps({"captureData": data, "eventMetadata": metadata, "eventVersion": "0"})


def _objects(lines: Mapping[str, list[str]]) -> Mapping[str, bytes]:
    return {key: "".join(f"{line}\n" for line in found).encode() for key, found in lines.items()}


def _scored(flights: pd.DataFrame) -> pd.DataFrame:
    """Later in the day, and in rain, flights are later."""
    log_odds = 0.11 * flights["sched_hour"] + 3 * flights["precip"].fillna(0.0) - 3.2
    return flights.assign(probability=(1 / (1 + np.exp(-log_odds))).round(4))


@cache
def _flights() -> pd.DataFrame:
    return load_flights()
