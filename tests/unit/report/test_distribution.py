from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring_core.report.distribution import MAX_CATEGORIES, compare

NUMBERS = st.lists(
    st.one_of(st.floats(-1e9, 1e9), st.floats(-8e307, 8e307), st.integers(-(2**60), 2**60).map(float)),
    min_size=1,
    max_size=60,
)


def kll(values: list[float], *, levels: int = 1) -> dict[str, Any]:
    data = [values[level::levels] for level in range(levels)]
    return {"numerical_statistics": {"distribution": {"kll": {"buckets": [], "sketch": {"data": data}}}}}


def buckets(edges: list[float], counts: list[float]) -> dict[str, Any]:
    listed = [
        {"lower_bound": low, "upper_bound": high, "count": n}
        for low, high, n in zip(edges, edges[1:], counts, strict=False)
    ]
    return {"numerical_statistics": {"distribution": {"kll": {"buckets": listed}}}}


def categories(**counts: int) -> dict[str, Any]:
    listed = [{"value": name, "count": n} for name, n in counts.items()]
    common = {"num_present": sum(counts.values()), "num_missing": 0}
    return {"string_statistics": {"common": common, "distribution": {"categorical": {"buckets": listed}}}}


@given(NUMBERS, NUMBERS)
def test_shares_add_up_to_one_on_both_sides(before: list[float], after: list[float]) -> None:
    picture = compare(kll(before), kll(after, levels=2))
    assert picture is not None
    assert picture.baseline is not None
    assert picture.current is not None
    assert len(picture.baseline) == len(picture.current)
    assert sum(picture.baseline) == pytest.approx(1)
    assert sum(picture.current) == pytest.approx(1)


@given(NUMBERS)
def test_equal_data_gives_equal_pictures(values: list[float]) -> None:
    picture = compare(kll(values), kll(values))
    assert picture is not None
    assert picture.baseline == picture.current


def test_items_of_higher_levels_weigh_more() -> None:
    sketch = {"numerical_statistics": {"distribution": {"kll": {"sketch": {"data": [[1.0], [2.0]]}}}}}
    picture = compare(sketch, None)
    assert picture is not None
    assert picture.labels == ("1", "2")
    assert picture.baseline == pytest.approx((1 / 3, 2 / 3))
    assert picture.current is None


def test_buckets_are_spread_over_the_common_axis() -> None:
    picture = compare(buckets([0, 1, 2], [10, 30]), buckets([0, 4, 8], [5, 5]))
    assert picture is not None
    assert picture.baseline is not None
    assert picture.continuous
    assert picture.labels == ("0", "8")
    assert sum(picture.baseline[:4]) == pytest.approx(0.25)
    assert sum(picture.baseline[8:]) == pytest.approx(0)


def test_a_constant_column_without_sketch_is_drawn() -> None:
    picture = compare(buckets([7.0] * 11, [0.0] * 9 + [900.0]), None)
    assert picture is not None
    assert picture.labels == ("7",)
    assert picture.baseline == (1.0,)


def test_bins_of_whole_numbers_hold_equally_many_of_them() -> None:
    hours = [float(hour) for hour in range(24)]
    picture = compare(kll(hours), kll(hours))
    assert picture is not None
    assert picture.baseline == pytest.approx([1 / 24] * 24)


def test_one_outlier_does_not_squeeze_the_rest() -> None:
    values = [float(i % 100) for i in range(2000)]
    picture = compare(kll(values), kll([*values, 1e9]))
    assert picture is not None
    assert picture.labels[1] == "99"


def test_the_largest_categories_are_named_and_the_rest_summed() -> None:
    many = categories(**{f"c{i:02}": 100 - i for i in range(20)})
    picture = compare(many, categories(new=5))
    assert picture is not None
    assert picture.labels[0] == "new"
    assert len(picture.labels) == MAX_CATEGORIES + 1
    assert picture.labels[-1] == "all others"
    assert picture.baseline is not None
    assert sum(picture.baseline) == pytest.approx(1)


@pytest.mark.parametrize(
    ("baseline", "current"),
    [
        (kll([1.0]), categories(a=1)),
        (None, {"string_statistics": {"common": {"num_present": 3}, "distinct_count": 3.0}}),
        (None, buckets([0.0] * 11, [0.0] * 10)),
        ({"name": "x", "inferred_type": "Unknown"}, None),
    ],
)
def test_what_cannot_be_drawn_is_not_drawn(baseline: Any, current: Any) -> None:
    assert compare(baseline, current) is None


def test_pictures_of_fixture_data(make_report: Callable[..., Any]) -> None:
    report = make_report()
    pictures = [
        compare(b, c)
        for b, c in zip(report.baseline_statistics["features"], report.statistics["features"], strict=True)
    ]
    assert [picture is not None and picture.continuous for picture in pictures] == [True, True, False]
