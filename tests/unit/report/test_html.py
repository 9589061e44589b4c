"""Pages: what they say, and that nothing in the data becomes markup."""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from monitoring_core.checks.evaluation import Bound, Constraint, Evaluation, Measurement, Subject
from monitoring_core.errors import NoDataError
from monitoring_core.report.html import render_run_report
from monitoring_core.report.markdown import render_run_markdown
from monitoring_core.report.run_view import RunReport, features_worst_first
from monitoring_core.report.timeline import TimelineEvent, TimelineRun, render_timeline
from monitoring_core.window import Window

MakeReport = Callable[..., RunReport]
PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "<a href='javascript:alert(1)'>x</a>",
    "]]><iframe src=//evil>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
]


class Nodes(HTMLParser):
    """Tags, attributes and visible text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def assert_inert(page: str) -> Nodes:
    nodes = Nodes(page)
    assert not nodes.tags & {"script", "img", "iframe", "object", "embed", "link", "form", "base"}
    assert not [name for name, _ in nodes.attributes if name.startswith("on") or name in {"src", "style"}]
    assert not [value for name, value in nodes.attributes if name == "href" and ":" in value]
    return nodes


@pytest.mark.parametrize("payload", PAYLOADS)
def test_markup_in_names_and_values_is_text_on_the_page_of_a_run(
    payload: str, make_report: MakeReport, make_evaluation: Callable[..., Evaluation]
) -> None:
    from_data = make_report().statistics
    assert from_data is not None
    features = [{**from_data["features"][0], "name": payload}]
    text = {"value": payload, "count": 900}
    features.append(
        {
            "name": "text",
            "inferred_type": payload,
            "string_statistics": {
                "common": {"num_present": 900, "num_missing": 0},
                "distribution": {"categorical": {"buckets": [text]}},
            },
        }
    )
    report = make_report(
        endpoint=payload,
        monitor=payload,
        title=payload,
        run_id=payload,
        baseline_id=payload,
        engine=payload,
        statistics={"features": features},
        evaluation=make_evaluation((payload, 0.9, 0.1), ("text", 0.1, 0.2, 5)),
        quarantine={payload: 3},
    )
    nodes = assert_inert(render_run_report(report))
    assert payload in "".join(nodes.texts)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_markup_in_names_and_messages_is_text_on_the_timeline(payload: str) -> None:
    window = Window(datetime(2013, 7, 1, tzinfo=UTC), datetime(2013, 7, 2, tzinfo=UTC))
    run = TimelineRun(window, "CompletedWithViolations", 900, 1, {payload: 2.0}, payload, href=payload)
    event = TimelineEvent(window.start, "alarm", payload, payload)
    nodes = assert_inert(render_timeline(payload, payload, [run], [event], title=payload))
    assert payload in "".join(nodes.texts)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_markup_in_names_is_escaped_in_markdown(
    payload: str, make_report: MakeReport, make_evaluation: Callable[..., Evaluation]
) -> None:
    text = render_run_markdown(make_report(evaluation=make_evaluation((f"{payload}|[x](http://e) @all", 0.9, 0.1))))
    assert "<" not in text
    assert "@" not in text
    row = next(line for line in text.splitlines() if "Distribution drift | 0.9" in line)
    assert len(re.findall(r"(?<!\\)\|", row)) == 6
    assert "[x](" not in text


def test_the_policy_allows_our_style_by_its_hash_and_nothing_else(make_report: MakeReport) -> None:
    page = render_run_report(make_report())
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policies = [value for name, value in Nodes(page).attributes if name == "content" and "default-src" in value]
    assert policies == [f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"]
    assert "http://" not in page
    assert "https://" not in page


def test_the_verdict_comes_first_with_what_how_much_and_on_how_many_rows(make_report: MakeReport) -> None:
    words = " ".join("".join(Nodes(render_run_report(make_report())).texts).split())
    assert "1 violation in 1 feature" in words
    assert "Worst is temp: distribution drift 0.91, 1.40 times its limit of 0.65, on 890 rows." in words
    assert words.index("1 violation in 1 feature") < words.index("What is wrong") < words.index("Distributions")
    assert "needs 100 rows, got 20" in words


def test_features_are_ordered_violated_first_then_by_nearness_to_the_limit(make_report: MakeReport) -> None:
    assert [view.name for view in features_worst_first(make_report())] == ["temp", "distance", "carrier"]


def test_a_clean_run_and_a_run_without_verdict_do_not_look_alike(
    make_report: MakeReport, make_evaluation: Callable[..., Evaluation]
) -> None:
    clean = render_run_report(make_report(evaluation=make_evaluation(("temp", 0.1, 0.65))))
    silent = render_run_report(make_report(evaluation=Evaluation("data-quality", 0), statistics=None))
    assert "Nothing is violated" in clean
    assert 'class="verdict passed"' in clean
    assert "Not evaluated" in silent
    assert 'class="verdict not-evaluated"' in silent


def test_a_run_without_statistics_and_baseline_still_has_a_page(make_report: MakeReport) -> None:
    page = render_run_report(make_report(statistics=None, baseline_statistics=None))
    assert "What is wrong" in page
    assert "Distributions" not in page


def test_a_wide_data_set_stays_below_a_megabyte_and_says_what_it_left_out(
    make_report: MakeReport, make_evaluation: Callable[..., Evaluation]
) -> None:
    template = make_report()
    assert template.statistics is not None
    names = [f"feature_{i:04}" for i in range(2000)]
    statistics = {"features": [{**template.statistics["features"][0], "name": name} for name in names]}
    evaluation = make_evaluation(*((name, 0.9, 0.65) for name in names))
    page = render_run_report(make_report(statistics=statistics, baseline_statistics=statistics, evaluation=evaluation))
    assert len(page.encode()) <= 1_000_000
    assert page.count("The first 800 of 2,000; all are in evaluation.json.") == 2
    assert "1,940 features are not drawn" in page


def daily(n: int) -> list[TimelineRun]:
    start = datetime(2013, 1, 1, tzinfo=UTC)
    windows = [Window(start + timedelta(days=i), start + timedelta(days=i + 1)) for i in range(n)]
    return [TimelineRun(window, "Completed", 900) for window in windows]


def test_a_year_of_hours_with_many_features_stays_below_a_megabyte() -> None:
    start = datetime(2013, 1, 1, tzinfo=UTC)
    runs = [
        TimelineRun(
            Window(start + timedelta(hours=i), start + timedelta(hours=i + 1)),
            "CompletedWithViolations" if i % 7 == 0 else "Completed",
            100,
            1,
            {f"feature_{j}": (i * j) % 13 / 4 for j in range(60)},
            "feature_1: drift",
        )
        for i in range(8760)
    ]
    page = render_timeline("e", "m", runs)
    assert len(page.encode()) <= 1_000_000
    assert "Each column is the worst of 18 windows" in page
    assert "36 features that drifted less are not drawn" in page


def test_the_timeline_counts_every_kind_of_window() -> None:
    first, second, third, fourth = daily(4)
    runs = [
        first,
        TimelineRun(second.window, "NoData"),
        TimelineRun(third.window, "Failed"),
        TimelineRun(fourth.window, "CompletedWithViolations", 900, 1, {"temp": 1.4}, "temp: too far", "4/report.html"),
    ]
    page = render_timeline("e", "m", runs[::-1])
    words = " ".join("".join(Nodes(page).texts).split())
    assert "Violated now; 1 of 4 windows violated" in words
    assert "1 clean, 1 violated, 1 without data, 1 failed" in words
    assert "Farthest was temp, 1.40 times its limit on 2013-01-04 (24 h, UTC)." in words
    assert 'href="4/report.html"' in page


def test_metrics_and_segments_have_rows_and_what_chance_explains_is_not_beyond() -> None:
    low, day = Bound(lower=0.3), daily(1)[0].window
    recall, slice_ = Constraint("recall", low, check_type="LessThanThreshold"), Subject(segment="origin=EWR")
    by_chance = Constraint("auc", low, check_type="LessThanThreshold", beyond_chance=True)
    checks = (
        recall.check(Measurement("recall", 0.0, 90)),
        by_chance.check(Measurement("auc", 0.2, 9, interval=(0.1, 0.4))),
        Constraint("recall", low, slice_, check_type="LessThanThreshold").check(
            Measurement("recall", 0.15, 90, subject=slice_)
        ),
    )
    run = TimelineRun.of(day, Evaluation("model-quality", 90, checks))
    assert run.drift == {"recall": math.inf, "auc": pytest.approx(1), "origin=EWR": 2}
    assert run.drift["auc"] < 1
    words = " ".join("".join(Nodes(render_timeline("e", "m", [run])).texts).split())
    assert "Farthest was recall, beyond any multiple of its limit on 2013-01-01" in words


def test_events_near_each_other_share_a_marker_and_keep_their_numbers() -> None:
    start = datetime(2013, 1, 10, tzinfo=UTC)
    events = [TimelineEvent(start + timedelta(minutes=i), "message", f"event {i}") for i in range(3)]
    events.append(TimelineEvent(datetime(2013, 3, 1, tzinfo=UTC), "alarm", "later"))
    page = render_timeline("e", "m", daily(100), events[::-1])
    assert ">1-3</text>" in page
    assert ">4</text>" in page


def test_a_timeline_needs_a_run() -> None:
    with pytest.raises(NoDataError, match="no run to draw"):
        render_timeline("e", "m", [])
