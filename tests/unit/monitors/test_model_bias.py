"""The bias monitor: which rows are compared, and when a change is a violation."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from monitoring_core.checks.evaluation import Outcome
from monitoring_core.dataset import Batch, column_from_texts
from monitoring_core.errors import BaselineError, DataError, NoDataError
from monitoring_core.monitors.analysis import Analysis
from monitoring_core.monitors.base import profile
from monitoring_core.monitors.model_bias import ModelBias
from monitoring_core.monitors.model_bias.analysis import make_files
from monitoring_core.report.sagemaker.bias import load_bias_analysis
from monitoring_core.spec import ColumnSelection, ModelBiasSpec
from tests.unit.analysing import analyse

LABEL = ColumnSelection(column="label", equals=(1,))
SEX = ColumnSelection(column="sex", equals=("f",))


def spec(**changes: Any) -> ModelBiasSpec:
    given = {"label": LABEL, "facets": (SEX,), "predicted_label": "predicted"} | changes
    return ModelBiasSpec(**given)


def batch(**columns: list[Any]) -> Batch:
    return Batch({name: column_from_texts([None if v is None else str(v) for v in c]) for name, c in columns.items()})


def people(rows: int, *, seed: int = 0, gap: float = 0.0, base: float = 0.5) -> Batch:
    """Labels are fair; predictions are positive with `base` for men and `base - gap` for women."""
    random = np.random.default_rng(seed)
    sex = random.choice(["f", "m"], rows)
    chance = np.where(sex == "f", base - gap, base)
    return batch(
        sex=sex.tolist(),
        label=(random.random(rows) < 0.5).astype(int).tolist(),
        predicted=(random.random(rows) < chance).astype(int).tolist(),
        age=random.integers(20, 60, rows).tolist(),
    )


def metrics_of(analysis: bytes, facet: str = "sex", group: int = 0) -> dict[str, Any]:
    document = json.loads(analysis)
    sections = [document[name]["facets"][facet][group]["metrics"] for name in document if name.endswith("metrics")]
    return {metric["name"]: metric for section in sections for metric in section}


def against(baseline: Batch, window: Batch, *, compat: bool = False, **changes: Any) -> Analysis:
    files, _ = make_files(spec(**changes), [baseline], compat=compat)
    return analyse(spec(**changes), [window], files, compat=compat)


def violated(analysis: Analysis) -> set[str]:
    return {check.constraint.metric for check in analysis.evaluation.violations}


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (["1", "0", "1"], (1,)),
        (["1.0", "0.0", "1.0"], (1,)),
        (["1", "0", "1"], ("1.0",)),
        (["true", "false", "true"], (1,)),
        (["True", "False", "True"], ("true",)),
        (["1", "0", "1"], (True,)),
        (["yes", "no", "yes"], ("yes",)),
        (["a", "b", "1"], ("a", 1)),
    ],
)
def test_values_are_the_same_however_they_are_written(values: list[str], wanted: tuple[Any, ...]) -> None:
    rows = batch(sex=["f", "m", "m"], label=values, predicted=["0", "0", "0"])
    chosen = ColumnSelection(column="label", equals=wanted)

    report = ModelBias(spec(label=chosen, predicted_label=None)).report(
        profile(ModelBias(spec(label=chosen, predicted_label=None)), [rows])
    )

    disadvantaged, advantaged = report.facets[0].disadvantaged, report.facets[0].advantaged
    assert disadvantaged is not None
    assert advantaged is not None
    assert (disadvantaged.positives, advantaged.positives) == (1, 1)


def test_a_threshold_is_strict_and_prints_up_to_the_largest_value() -> None:
    rows = batch(age=[40, 41, 75, 30], label=[1, 1, 0, 0])
    old = ColumnSelection(column="age", greater_than=40)

    files, _ = make_files(spec(facets=(old,), predicted_label=None), [rows])

    (facet,) = json.loads(files["analysis.json"])["pre_training_bias_metrics"]["facets"]["age"]
    assert facet["value_or_threshold"] == "(40, 75]"
    assert facet["groups"]["disadvantaged"]["rows"] == 2


def test_an_undecided_number_means_what_it_meant_at_the_baseline() -> None:
    """Clarify's trap: 40 is a threshold in 200 rows, and a value in 4,000 rows of the same people."""
    undecided = {"facets": (ColumnSelection(column="age", value_or_threshold=(40,)),), "predicted_label": None}
    small, large = people(200), people(4000)

    ours, clarify = (against(small, large, compat=compat, **undecided) for compat in (False, True))

    found = [
        json.loads(a.files["analysis.json"])["pre_training_bias_metrics"]["facets"]["age"] for a in (ours, clarify)
    ]
    assert [facet[0]["value_or_threshold"] for facet in found] == ["(40, 59]", "40"]
    assert ours.evaluation.outcome is Outcome.PASSED
    assert clarify.evaluation.outcome is Outcome.NOT_EVALUATED


def test_without_a_value_every_value_is_a_group_in_the_order_of_appearance() -> None:
    rows = batch(sex=["m", "f", "x", "f", None], label=[1, 1, 0, 0, 1])

    files, _ = make_files(spec(facets=(ColumnSelection(column="sex"),), predicted_label=None), [rows])

    facets = json.loads(files["analysis.json"])["pre_training_bias_metrics"]["facets"]["sex"]
    assert [facet["value_or_threshold"] for facet in facets] == ["m", "f", "x"]


def test_a_column_of_fractions_needs_a_threshold() -> None:
    rows = batch(age=[40.5, 41.5, 75.5], label=[1, 1, 0])

    with pytest.raises(DataError, match="give greater_than, or equals"):
        make_files(spec(facets=(ColumnSelection(column="age"),), predicted_label=None), [rows])


def test_rows_without_facet_or_label_are_left_out_but_not_by_clarify() -> None:
    rows = batch(sex=["f", "m", None, "m"], label=[1, 0, 1, None], predicted=[1, 0, 1, 1])

    found = [metrics_of(make_files(spec(), [rows], compat=compat)[0]["analysis.json"]) for compat in (False, True)]

    assert [metrics["CI"]["value"] for metrics in found] == [0.0, 0.5]


def test_undefined_is_null_with_the_reason() -> None:
    rows = batch(sex=["f", "f"], label=[1, 0], predicted=[1, 0])

    metrics = metrics_of(make_files(spec(), [rows])[0]["analysis.json"])

    assert metrics["DPL"] == {
        "name": "DPL",
        "description": "Difference in Positive Proportions in Labels (DPL)",
        "value": None,
        "error": "Negative facet set is empty.",
        "rows": 0,
    }
    assert metrics["CDDL"]["error"] == "Group variable is empty or not provided"


def test_nothing_over_nothing_is_undefined_and_zero_only_for_clarify() -> None:
    """No disadvantaged row has a positive label: its recall does not exist."""
    rows = batch(sex=["f", "f", "m", "m"], label=[0, 0, 1, 0], predicted=[1, 0, 1, 0])

    found = [metrics_of(make_files(spec(), [rows], compat=compat)[0]["analysis.json"]) for compat in (False, True)]

    assert (found[0]["RD"]["value"], found[0]["RD"]["error"]) == (None, "undefined on these rows")
    assert found[1]["RD"]["value"] == 1.0


def test_infinity_is_a_word_and_comes_back() -> None:
    rows = batch(sex=["f", "m", "m"], label=[1, 0, 1], predicted=[1, 0, 0])

    files, _ = make_files(spec(), [rows])

    assert metrics_of(files["analysis.json"])["DI"]["value"] == "Infinity"
    values = {metric.name: metric.value for metric in load_bias_analysis(files["analysis.json"]).facets[0].metrics}
    assert values["DI"] == math.inf


def test_a_new_gap_violates_the_same_population_does_not() -> None:
    baseline = people(5000)

    assert violated(against(baseline, people(5000, seed=1))) == set()
    found = against(baseline, people(5000, seed=2, gap=0.2))
    assert {"DPPL", "DI", "RD", "SD"} <= violated(found)
    (entry,) = [
        e for e in json.loads(found.files["constraint_violations.json"])["violations"] if e["metric_name"] == "DPPL"
    ]
    assert (entry["facet"], entry["facet_value"], entry["constraint_check_type"]) == ("sex", "f", "bias_drift_check")
    assert entry["metric_value"] > entry["upper_bound"]
    assert entry["description"].startswith(f"Metric value {entry['metric_value']} doesn't meet the baseline constraint")


def test_clarify_alarms_on_chance_alone() -> None:
    """The reason for the default rule: its own comparison has no tolerance and no interval."""
    baseline, same = people(5000), people(5000, seed=1)

    assert len(violated(against(baseline, same, compat=True))) >= 3


def test_less_bias_is_no_violation_and_bias_the_other_way_is() -> None:
    biased = people(5000, gap=0.15)

    assert "DPPL" not in violated(against(biased, people(5000, seed=1)))
    assert {"DPPL", "DI"} <= violated(against(biased, people(5000, seed=2, gap=-0.15, base=0.35)))


def test_a_ratio_below_one_is_as_far_from_parity_as_its_inverse() -> None:
    """Women are accepted half as often: Clarify sees 0.5 below 1, so less than before."""
    fair, unfair = people(5000), people(5000, seed=1, gap=0.25)

    assert "DI" in violated(against(fair, unfair))
    assert "DI" not in violated(against(fair, unfair, compat=True))


def test_few_rows_decide_nothing() -> None:
    found = against(people(5000), people(40, seed=3, gap=0.5))

    assert found.evaluation.outcome is Outcome.NOT_EVALUATED
    assert {check.reason.split(",")[0] for check in found.evaluation.checks} == {"needs 30 rows"}


def test_limits_replace_the_baseline() -> None:
    limits = {"DI": {"at_least": 0.8, "at_most": 1.25}}
    biased = people(5000, gap=0.25)

    assert violated(against(biased, people(5000, seed=1, gap=0.25), limits=limits)) == {"DI"}


def test_a_baseline_of_clarify_has_no_intervals_and_still_serves() -> None:
    files, _ = make_files(spec(), [people(5000)], compat=True)

    assert {"DPPL", "DI"} <= violated(analyse(spec(), [people(5000, seed=2, gap=0.2)], files))


def test_parity_metrics_are_finite_and_named_as_clarify_names_them() -> None:
    window = batch(sex=["f", "m", "m"], label=[1, 0, 1], predicted=[1, 0, 0])
    files, _ = make_files(spec(), [people(50)])

    metrics = {metric.name: metric for metric in analyse(spec(), [window], files).metrics}

    assert metrics["bias_metric_DI"].value == 2.348543e108
    assert metrics["bias_metric_DI"].dimensions == {
        "BiasStage": "Post-Training",
        "Label": "label",
        "LabelValue": "1",
        "Facet": "sex",
        "FacetValue": "f",
    }
    assert metrics["bias_metric_CI"].dimensions["BiasStage"] == "Pre-training"
    assert "bias_metric_CDDL" not in metrics


def test_the_flip_test_keeps_a_bounded_sample_and_no_rows_in_the_baseline() -> None:
    monitor = ModelBias(spec(flip_test_rows=100))

    state = profile(monitor, [people(3000, seed=seed) for seed in range(3)])

    assert len(state.flips.hashes) == 100
    assert state.flips.complete == 9000
    assert b'"age"' not in make_files(spec(), [people(300)])[0]["analysis.json"]


def test_no_rows_have_no_baseline_and_no_verdict() -> None:
    with pytest.raises(NoDataError):
        make_files(spec(), [])
    files, _ = make_files(spec(), [people(100)])
    assert analyse(spec(), [], files).evaluation.outcome is Outcome.NOT_EVALUATED


def test_a_file_without_bias_is_refused() -> None:
    with pytest.raises(BaselineError, match="no bias metrics"):
        analyse(spec(), [people(10)], {"analysis.json": b'{"version": "1.0", "explanations": {}}'})
    with pytest.raises(BaselineError, match=r"no analysis\.json"):
        analyse(spec(), [people(10)], {"statistics.json": b"{}"})


def test_a_specification_that_says_two_things_is_refused() -> None:
    with pytest.raises(ValidationError, match="more than one of equals, greater_than"):
        ColumnSelection(column="age", equals=(1,), greater_than=2)
    with pytest.raises(ValidationError, match="which values are positive"):
        spec(label=ColumnSelection(column="label"))
    with pytest.raises(ValidationError, match="both given"):
        spec(probability="score")
