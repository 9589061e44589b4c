from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from functions.common.contract import RunSpec
from functions.windows.handler import handler
from monitoring_core.errors import ConfigError

SPAN = {"from": "2013-04-01T00:00:00Z", "to": "2013-04-01T06:30:00Z"}


@pytest.fixture
def runs(run_spec: RunSpec) -> dict[str, Any]:
    """Two monitors every two hours, and one every three."""
    periods = {"data-quality": 7200, "drift": 7200, "bias": 10_800}
    return {
        name: run_spec.model_copy(update={"monitor": name, "period_seconds": period}).model_dump(mode="json")
        for name, period in periods.items()
    }


def test_whole_windows_come_oldest_first_and_monitors_with_equal_windows_share_them(
    runs: dict[str, Any], context: Any
) -> None:
    answer = handler({"runs": runs, "request": SPAN, "max_concurrency": 7}, context)
    found = [(item["input"]["window"], item["input"]["monitors"]) for item in answer["windows"]]
    assert found == [
        ("2013-04-01T00:00:00Z/2013-04-01T02:00:00Z", ["data-quality", "drift"]),
        ("2013-04-01T00:00:00Z/2013-04-01T03:00:00Z", ["bias"]),
        ("2013-04-01T02:00:00Z/2013-04-01T04:00:00Z", ["data-quality", "drift"]),
        ("2013-04-01T03:00:00Z/2013-04-01T06:00:00Z", ["bias"]),
        ("2013-04-01T04:00:00Z/2013-04-01T06:00:00Z", ["data-quality", "drift"]),
    ]
    assert answer["max_concurrency"] == 7
    asked = handler({"runs": runs, "request": {**SPAN, "max_concurrency": 2}}, context)
    assert asked["max_concurrency"] == 2


def test_names_follow_from_window_monitors_and_attempt_alone(runs: dict[str, Any], context: Any) -> None:
    def names(**request: Any) -> list[str]:
        return [item["name"] for item in handler({"runs": runs, "request": {**SPAN, **request}}, context)["windows"]]

    assert names() == names()
    assert len(set(names())) == 5
    assert not set(names()) & set(names(attempt="again"))
    assert not set(names()) & set(names(monitors=["drift"]))
    longer = names(to="2013-04-02T00:00:00Z")
    assert longer[:5] == names()
    assert all(len(name) <= 80 for name in longer)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"to": "2013-04-01T01:00:00Z"}, r"no window lies in .* as a whole; they are 2:00:00, 3:00:00 long"),
        ({"monitors": ["nobody"]}, "monitor 'nobody' not found; this state machine runs: bias, data-quality, drift"),
        ({"to": "2014-04-01T00:00:00Z"}, r"7,300 windows are more than one backfill can hold, which is 1,\d\d\d"),
        ({"to": "2013-03-01T00:00:00Z"}, '"from" must lie before "to"'),
    ],
)
def test_a_wrong_span_says_what_to_give(
    runs: dict[str, Any], context: Any, request_: dict[str, Any], message: str
) -> None:
    with pytest.raises((ConfigError, ValidationError), match=message):
        handler({"runs": runs, "request": {**SPAN, **request_}}, context)
