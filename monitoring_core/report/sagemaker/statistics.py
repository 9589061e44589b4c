"""``statistics.json`` of the data-quality monitor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import msgspec
import numpy as np

from monitoring_core.errors import BaselineError
from monitoring_core.monitors.data_quality.profile import ColumnProfile, DataProfile
from monitoring_core.report.sagemaker.json_bytes import encode, number
from monitoring_core.stats.keyed import Keyed
from monitoring_core.stats.kll import SHRINKING_FACTOR, SKETCH_SIZE, KllSketch
from monitoring_core.stats.moments import Moments
from monitoring_core.stats.quantiles import Floats, Sketch
from monitoring_core.stats.tally import Tally
from monitoring_core.stats.type_counts import InferredType, TypeCounts

BUCKETS: Final = 10


def dump_statistics(profile: DataProfile) -> bytes:
    """Write a profile as Amazon's analyzer does."""
    features = [_feature(name, profile.columns[name], profile.rows) for name in profile.columns]
    return encode({"version": 0.0, "dataset": {"item_count": profile.rows}, "features": features})


def load_statistics(data: bytes) -> DataProfile:
    """Read a statistics file, Amazon's or ours, as a profile that windows can be compared with.

    The file has one type per column, so every present value is given that type; what it cannot hold
    (types of single values, hashes) is empty.

    Raises
    ------
    BaselineError
        If the file is not a data-quality statistics file.
    """
    try:
        document = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
        columns = {str(feature["name"]): _column(feature) for feature in document["features"]}
        return DataProfile(int(document["dataset"]["item_count"]), Keyed(columns)).as_reference()
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise BaselineError(
            f"statistics.json cannot be read: {type(error).__name__}: {error}; expected a data-quality statistics file "
            "with 'dataset' and 'features'; make the baseline again"
        ) from error


def _feature(name: str, column: ColumnProfile, rows: int) -> dict[str, Any]:
    inferred = column.inferred_type
    common = {"common": {"num_present": column.present, "num_missing": rows - column.present}}
    head = {"name": name, "inferred_type": inferred.value}
    if inferred.is_numeric:
        return head | {"numerical_statistics": common | _numerical(column)}
    return head | {"string_statistics": common | _string(column)}


def _numerical(column: ColumnProfile) -> dict[str, Any]:
    moments, sketch = column.moments, column.sketch
    buckets = [
        {"lower_bound": number(low), "upper_bound": number(high), "count": float(count)}
        for low, high, count in buckets_of(sketch, moments.minimum, moments.maximum)
    ]
    return {
        "mean": number(moments.mean),
        "sum": number(moments.total),
        "std_dev": number(moments.standard_deviation),
        "min": number(moments.minimum),
        "max": number(moments.maximum),
        "distribution": {
            "kll": {
                "buckets": buckets,
                "sketch": {
                    "parameters": {"c": SHRINKING_FACTOR, "k": float(SKETCH_SIZE)},
                    "data": [_numbers(level) for level in sketch.levels],
                },
            }
        },
    }


def buckets_of(sketch: Sketch, low: float, high: float) -> list[tuple[float, float, int]]:
    """Ten buckets of equal width over the values' range: lower bound, upper bound, weight; none when empty.

    A bucket is closed on the left, the last one on both sides. As in Amazon's files, the last bound is computed
    like the others; where rounding puts it just below `high`, the values at `high` are in no bucket.

    Parameters
    ----------
    sketch : Sketch
        Of the values.
    low, high : float
        Smallest and largest value, which need not be among the items.

    Examples
    --------
    >>> picture = buckets_of(KllSketch.of([0.0, 0.0, 1.0]), 0.0, 1.0)
    >>> picture[0], picture[-1]
    ((0.0, 0.1, 2), (0.9, 1.0, 1))
    >>> buckets_of(KllSketch.of([5.0]), 5.0, 5.0)[-1]
    (5.0, 5.0, 1)
    >>> buckets_of(KllSketch.of([0.46, 27.74]), 0.46, 27.74)[-1]
    (25.012, 27.739999999999995, 0)
    """
    if not sketch.count:
        return []
    with np.errstate(invalid="ignore", over="ignore"):
        bounds = [low + (high - low) * i / BUCKETS for i in range(BUCKETS + 1)]
    items, weights = sketch.items, sketch.weights
    ordered = np.argsort(items, kind="stable")
    cumulative = np.concatenate([[0], np.cumsum(weights[ordered])])
    below = cumulative[np.searchsorted(items[ordered], bounds[:-1], side="left")]
    through = cumulative[np.searchsorted(items[ordered], bounds[-1], side="right")]
    counts = np.diff(np.append(below, through)).tolist()
    return list(zip(bounds[:-1], bounds[1:], counts, strict=True))


def _numbers(values: Floats) -> list[float] | list[float | str]:
    return values.tolist() if np.isfinite(values).all() else [number(value) for value in values.tolist()]


def _string(column: ColumnProfile) -> dict[str, Any]:
    tally = column.tally
    statistics: dict[str, Any] = {"distinct_count": float(column.distinct_count)}
    if not tally.other:  # free text has no distribution
        ranked = sorted(tally.counts.items(), key=lambda item: (-item[1], item[0]))
        buckets = [{"value": value, "count": count} for value, count in ranked]
        statistics["distribution"] = {"categorical": {"buckets": buckets}}
    return statistics


def _column(feature: Mapping[str, Any]) -> ColumnProfile:
    inferred = InferredType(feature["inferred_type"])
    statistics = feature["numerical_statistics" if inferred.is_numeric else "string_statistics"]
    present, missing = int(statistics["common"]["num_present"]), int(statistics["common"]["num_missing"])
    types = _types(inferred, present, missing)
    if inferred.is_numeric:
        return _numeric_column(types, statistics)
    buckets = statistics.get("distribution", {}).get("categorical", {}).get("buckets", [])
    counts = {str(bucket["value"]): int(bucket["count"]) for bucket in buckets}
    tally = Tally(counts, present - sum(counts.values()), frozenset(counts))
    return replace(ColumnProfile.empty(), types=types, tally=tally)


def _types(inferred: InferredType, present: int, missing: int) -> TypeCounts:
    counts = {InferredType.FRACTIONAL: (present, 0, 0), InferredType.INTEGRAL: (0, present, 0)}
    fractional, integral, string = counts.get(inferred, (0, 0, present))
    return TypeCounts(missing, fractional, integral, 0, string)


def _numeric_column(types: TypeCounts, statistics: Mapping[str, Any]) -> ColumnProfile:
    deviation, count = float(statistics["std_dev"]), types.present
    moments = Moments(
        count,
        float(statistics["sum"]),
        deviation * deviation * count,
        float(statistics["min"]),
        float(statistics["max"]),
    )
    levels = statistics.get("distribution", {}).get("kll", {}).get("sketch", {}).get("data") or []
    sketch = KllSketch.from_levels([[float(item) for item in level] for level in levels])
    return replace(ColumnProfile.empty(), types=types, moments=moments, sketch=sketch, tally=Tally(other=count))
