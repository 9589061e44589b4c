"""Event patterns: every operator, matching and not."""

from __future__ import annotations

from typing import Any

import pytest

from localaws.eventbridge.pattern import InvalidEventPatternError, compile_pattern

EVENT = {
    "source": "aws.cloudwatch",
    "resources": ["arn:a", "arn:b"],
    "detail": {
        "name": "Flights-Drift",
        "n": 5,
        "yes": True,
        "none": None,
        "ip": "10.0.0.7",
        "list": [{"k": 1}, {"k": 2}],
    },
}

MATCHING: list[Any] = [
    {"source": ["aws.cloudwatch", "other"]},
    {"resources": ["arn:b"]},
    {"detail": {"n": [5.0]}},
    {"detail": {"yes": [True]}},
    {"detail": {"none": [None]}},
    {"detail": {"name": [{"prefix": "Flights-"}]}},
    {"detail": {"name": [{"prefix": {"equals-ignore-case": "flights-"}}]}},
    {"detail": {"name": [{"suffix": "Drift"}]}},
    {"detail": {"name": [{"suffix": {"equals-ignore-case": "DRIFT"}}]}},
    {"detail": {"name": [{"equals-ignore-case": "FLIGHTS-drift"}]}},
    {"detail": {"name": [{"wildcard": "F*-*t"}]}},
    {"detail": {"name": [{"anything-but": "other"}]}},
    {"detail": {"name": [{"anything-but": ["a", "b"]}]}},
    {"detail": {"name": [{"anything-but": {"prefix": "Trains"}}]}},
    {"detail": {"name": [{"anything-but": {"wildcard": ["T*", "X*"]}}]}},
    {"detail": {"n": [{"numeric": [">", 4, "<=", 5]}]}},
    {"detail": {"n": [{"numeric": ["=", 5]}]}},
    {"detail": {"ip": [{"cidr": "10.0.0.0/24"}]}},
    {"detail": {"name": [{"exists": True}]}},
    {"detail": {"missing": [{"exists": False}]}},
    {"detail": {"missing": ["a", {"exists": False}]}},
    {"detail": {"list": {"k": [2]}}},
    {"$or": [{"source": ["other"]}, {"detail": {"n": [5]}}]},
    {"detail": {"yes": [True], "$or": [{"n": [1]}, {"name": [{"prefix": "F"}]}]}},
]

OTHER: list[Any] = [
    {"source": ["other"]},
    {"detail": {"n": ["5"]}},
    {"detail": {"n": [{"numeric": [">", 5]}]}},
    {"detail": {"yes": [1]}},
    {"detail": {"yes": [{"numeric": ["=", 1]}]}},
    {"detail": {"name": [{"prefix": "flights"}]}},
    {"detail": {"name": [{"wildcard": "F*x"}]}},
    {"detail": {"name": [{"anything-but": ["Flights-Drift"]}]}},
    {"detail": {"missing": [{"anything-but": "a"}]}},
    {"detail": {"missing": [{"exists": True}]}},
    {"detail": {"name": [{"exists": False}]}},
    {"detail": {"ip": [{"cidr": "10.0.1.0/24"}]}},
    {"detail": {"name": [{"cidr": "10.0.1.0/24"}]}},
    {"source": ["aws.cloudwatch"], "detail": {"n": [6]}},
    {"$or": [{"source": ["other"]}, {"detail": {"n": [6]}}]},
]

WRONG: list[Any] = [
    {},
    {"source": "aws"},
    {"source": []},
    {"source": [{"like": "a"}]},
    {"source": [{"prefix": "a", "suffix": "b"}]},
    {"source": [{"prefix": 1}]},
    {"source": [{"numeric": ["~", 1]}]},
    {"source": [{"numeric": [">", "1"]}]},
    {"source": [{"numeric": [">"]}]},
    {"source": [{"exists": "yes"}]},
    {"source": [{"cidr": "nowhere"}]},
    {"source": [{"anything-but": {"numeric": [">", 1]}}]},
]


@pytest.mark.parametrize("pattern", MATCHING, ids=str)
def test_a_pattern_takes_the_event(pattern: Any) -> None:
    assert compile_pattern(pattern).matches(EVENT)


@pytest.mark.parametrize("pattern", OTHER, ids=str)
def test_a_pattern_leaves_the_event(pattern: Any) -> None:
    assert not compile_pattern(pattern).matches(EVENT)


@pytest.mark.parametrize("pattern", WRONG, ids=str)
def test_a_pattern_that_eventbridge_would_refuse_is_refused(pattern: Any) -> None:
    with pytest.raises(InvalidEventPatternError):
        compile_pattern(pattern)
