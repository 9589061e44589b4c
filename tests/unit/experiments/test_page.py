"""The page of an experiment says what the verdict says, and values come out of rows as they should."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from monitoring_core.dataset.batch import Batch
from monitoring_core.dataset.types import column_from_texts
from monitoring_core.errors import ColumnNotFoundError, ConfigError
from monitoring_core.experiments.looks import Look, look_back
from monitoring_core.experiments.plan import DERIVED, Experiment, Guardrail, Metric, Predictions
from monitoring_core.experiments.values import observe
from monitoring_core.experiments.verdict import Arm, Outcome, decide
from monitoring_core.report.experiment import ExperimentReport, Happened, render_experiment_report
from monitoring_core.stats.moments import Moments

START = datetime(2013, 4, 1, tzinfo=UTC)
DAY = timedelta(days=1)
PLAN = Experiment(
    control="champion",
    weights={"champion": 1, "challenger": 1, "other": 1},
    metric=Metric(name="accepted"),
    guardrails=(Guardrail(name="log_loss", better="lower", tolerance=0.05),),
    min_duration=3 * DAY,
)


def day(rng: np.random.Generator, n: int = 400) -> dict[str, Arm]:
    """What a day has served: the challenger is better, the other one breaks the guardrail."""
    means = {"champion": (0.2, 0.5), "challenger": (0.3, 0.5), "other": (0.2, 0.8)}
    return {
        name: Arm(
            n,
            {
                "accepted": Moments.of((rng.random(n) < share).astype(float)),
                "log_loss": Moments.of(rng.normal(loss, 0.3, n)),
            },
        )
        for name, (share, loss) in means.items()
    }


def looks(days: int = 6) -> list[Look]:
    rng = np.random.default_rng(1)
    return look_back(PLAN, [(START + (i + 1) * DAY, day(rng)) for i in range(days)], START)


def page(found: list[Look], **changes: Any) -> str:
    last = found[-1].verdict if found else None
    given: dict[str, Any] = {
        "endpoint": "offers",
        "name": "<b>new</b>",
        "experiment": PLAN,
        "outcome": last.outcome if last else Outcome.RUNNING,
        "reason": last.reason if last else "",
        "winner": last.winner if last else None,
        "is_over": False,
        "stage": 1,
        "looks": found,
    }
    return render_experiment_report(ExperimentReport(**given | changes))


def test_the_page_shows_verdict_intervals_split_and_decisions() -> None:
    html = page(looks(), happened=[Happened(START, "Winner", "champion 20 %, challenger 80 %: because")])

    assert "<h1>challenger is better</h1>" in html
    assert html.count('<path class="now-line"') == 4  # two treatments, two metrics
    assert re.findall(r'tag (\S+)">(\w+)', html.split('id="split"')[0]) == [
        ("passed", "better"),
        ("not-evaluated", "open"),
        ("not-evaluated", "open"),
        ("violated", "worse"),
    ]
    assert "splits as wanted" in html
    assert "challenger 80 %: because" in html
    assert "<b>new</b>" not in html.split("</title>")[1].replace("<b>&lt;b&gt;", "")
    assert "nan" not in html


def test_a_page_before_the_first_window_is_a_page() -> None:
    assert "No window is complete yet." in page([])


def test_too_few_values_leave_a_gap_and_no_number() -> None:
    html = page(look_back(PLAN, [(START + DAY, {"champion": Arm(5), "challenger": Arm(5), "other": Arm(5)})], START))

    assert "\N{EN DASH} to \N{EN DASH}" in html
    assert "now-line" not in html.split("</style>")[1]


def test_a_stopped_treatment_is_judged_no_more_but_keeps_its_share_of_alpha() -> None:
    arms = looks()[-1].arms
    everyone = decide(PLAN, arms, 6 * DAY)
    others = decide(PLAN, {**arms, "other": Arm(1)}, 6 * DAY, stopped=("other",))

    assert everyone.stopped == ("other",)
    assert {one.treatment for one in others.comparisons} == {"challenger"}
    assert others.comparisons == everyone.comparisons[:2]
    assert others.outcome is Outcome.WINNER  # and the split of the other two is still right


def test_an_arm_travels_as_plain_values() -> None:
    arm = Arm(7, {"kpi": Moments.of(np.array([1.0, 2.0])), "none": Moments()})

    assert Arm.from_dict(arm.to_dict()) == Arm(7, {"kpi": arm.metrics["kpi"]})


def rows(**columns: list[str]) -> Batch:
    return Batch({name: column_from_texts(texts) for name, texts in columns.items()})


BINARY = rows(p=["0.9", "0.4", "0.2", "", "2"], y=["1", "1", "0", "1", "0"])
WHERE = Predictions(probability="p", label="y")


@pytest.mark.parametrize(
    ("metric", "n", "mean"),
    [
        ("correct", 3, 2 / 3),
        ("brier", 3, (0.01 + 0.36 + 0.04) / 3),
        ("log_loss", 3, -(math.log(0.9) + math.log(0.4) + math.log(0.8)) / 3),
        ("y", 5, 0.6),
    ],
)
def test_a_metric_is_of_the_rows_that_have_what_it_needs(metric: str, n: int, mean: float) -> None:
    found = observe(BINARY, [metric], WHERE)[metric]

    assert found.count == n
    assert found.mean == pytest.approx(mean)


def test_classes_are_compared_by_what_they_mean() -> None:
    batch = rows(said=["1.0", "cat", "dog", "bird", ""], y=["1", "cat", "cat", "dog", "cat"])

    found = observe(batch, ["correct"], Predictions(prediction="said", label="y"))["correct"]

    assert (found.count, found.mean) == (4, 0.5)


def test_errors_of_numbers() -> None:
    batch = rows(said=["1", "5", "x"], y=["3", "4", "1"])

    found = observe(batch, ["absolute_error", "squared_error"], Predictions(prediction="said", label="y"))

    assert {name: (one.count, one.mean) for name, one in found.items()} == {
        "absolute_error": (2, 1.5),
        "squared_error": (2, 2.5),
    }


@pytest.mark.parametrize("metric", DERIVED)
def test_a_metric_without_its_column_says_what_to_name(metric: str) -> None:
    with pytest.raises(ConfigError, match="name it in `schema"):
        observe(BINARY, [metric], Predictions(label="y"))


def test_a_column_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ColumnNotFoundError, match="revenue"):
        observe(BINARY, ["revenue"], WHERE)
