"""Amazon's checks (contract 4.4), their settings, and the sentences of their violations."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from monitoring_core.artifacts import evaluate_window, import_baseline
from monitoring_core.checks.evaluation import Outcome
from monitoring_core.dataset import Batch
from monitoring_core.monitors.base import fit
from monitoring_core.monitors.data_quality import DataQuality
from monitoring_core.report.sagemaker import dump_statistics, load_violations
from monitoring_core.spec import DataQualitySpec

if TYPE_CHECKING:
    from tests.unit.monitors.conftest import Table

Entry = dict[str, Any]  # a feature of constraints.json
Rows = dict[str, list[object]]
Config = dict[str, Any]  # monitoring_config of constraints.json


class Violations(Protocol):
    def __call__(
        self, window: Batch, *features: Entry, compat: bool = ..., **monitoring_config: object
    ) -> list[tuple[str, str, str]]: ...


AGE: Entry = {"name": "age", "inferred_type": "Integral", "completeness": 1.0}
COLOUR: Entry = {
    "name": "colour",
    "inferred_type": "String",
    "completeness": 1.0,
    "string_constraints": {"domains": ["red", "blue"]},
}


@pytest.fixture
def violations(table: Table) -> Violations:
    """Violations of a window as (feature, check, text); the baseline is 200 good rows."""
    good = table(age=[20, 30, 40, 50] * 50, colour=["red", "blue"] * 100)
    statistics = dump_statistics(fit(DataQuality(), [good]).state)

    def run(
        window: Batch, *features: Entry, compat: bool = False, **monitoring_config: object
    ) -> list[tuple[str, str, str]]:
        constraints = {"version": 0.0, "features": features or (AGE, COLOUR), "monitoring_config": monitoring_config}
        baseline = import_baseline(json.dumps(constraints).encode(), statistics)
        result = evaluate_window(DataQualitySpec(), [window], baseline, compat=compat)
        entries = load_violations(result.files["constraint_violations.json"])
        return [(e["feature_name"], e["constraint_check_type"], e["description"]) for e in entries]

    return run


def good_rows(n: int = 100) -> Rows:
    return {"age": [20, 30, 40, 50] * (n // 4), "colour": ["red", "blue"] * (n // 2)}


def test_good_data_has_none(violations: Violations, table: Table) -> None:
    assert violations(table(**good_rows())) == []


def test_data_type(violations: Violations, table: Table) -> None:
    rows = good_rows() | {"age": [20, 30, 40, 50.5] * 25}

    assert violations(table(**rows)) == [
        (
            "age",
            "data_type_check",
            "Data type match requirement is not met. Expected data type: Integral, Expected match: 100.0%. "
            "Observed: Only 75.0% of data is Integral.",
        )
    ]
    assert violations(table(**rows), datatype_check_threshold=0.75) == []


def test_types_are_judged_on_the_values_that_are_present(violations: Violations, table: Table) -> None:
    rows = good_rows() | {"age": [None] * 75 + [20] * 25}

    assert [check for _, check, _ in violations(table(**rows))] == ["completeness_check", "baseline_drift_check"]


def test_completeness(violations: Violations, table: Table) -> None:
    rows = good_rows() | {"age": [None, *([20, 30, 40, 50] * 25)[1:]]}

    assert violations(table(**rows)) == [
        (
            "age",
            "completeness_check",
            "Data completeness requirement is not met. Expected: 100.0%. Observed: Only 99.0%.",
        )
    ]
    assert violations(table(**rows), {**AGE, "completeness": 0.99}, COLOUR) == []


def test_domain(violations: Violations, table: Table) -> None:
    rows = good_rows() | {"colour": ["red", "blue"] * 49 + ["green", "red"]}

    assert violations(table(**rows)) == [
        ("colour", "categorical_values_check", "Value: 0.99 does not meet the constraint requirement! ")
    ]
    assert violations(table(**rows), domain_content_threshold=0.99) == []


def test_a_flood_of_unknown_values_does_not_hide_the_known_ones(violations: Violations, table: Table) -> None:
    rows: Rows = {"age": [20, 30, 40, 50] * 1000, "colour": [*["red"] * 400, *[f"id{i}" for i in range(3600)]]}

    found = {check: text for _, check, text in violations(table(**rows))}
    assert found["categorical_values_check"] == "Value: 0.1 does not meet the constraint requirement! "


def test_the_domain_is_counted_without_a_baseline_of_the_column(table: Table) -> None:
    baseline = import_baseline(json.dumps({"features": [COLOUR], "monitoring_config": {}}).encode())
    window = table(colour=["red"] * 1000 + [f"id{i}" for i in range(3000)])

    (violation,) = evaluate_window(DataQualitySpec(), [window], baseline).evaluation.violations

    assert violation.measurement is not None
    assert violation.measurement.value == 0.25


def test_drift_of_a_numeric_column(violations: Violations, table: Table) -> None:
    rows = good_rows() | {"age": [50] * 100}

    ((feature, check, text),) = violations(table(**rows))
    assert (feature, check) == ("age", "baseline_drift_check")
    distance = 0.75 - 1.8 * ((100 + 200) / (100 * 200)) ** 0.5
    assert text == f"Baseline drift distance: {distance!r} exceeds threshold: 0.1"


def test_drift_threshold_must_be_exceeded(violations: Violations, table: Table) -> None:
    rows = good_rows() | {"age": [50] * 100}
    simple = {"comparison_method": "Simple", "comparison_threshold": 0.75}

    assert violations(table(**rows), distribution_constraints=simple) == []
    assert len(violations(table(**rows), distribution_constraints={**simple, "comparison_threshold": 0.7499})) == 1
    assert len(violations(table(**rows), distribution_constraints={"comparison_method": "linf_simple"})) == 1


def test_text_columns_may_have_a_threshold_of_their_own(violations: Violations, table: Table) -> None:
    rows: Rows = {"age": [20, 30, 40, 50] * 1000, "colour": ["red", "red", "blue", "red"] * 1000}
    own = {"comparison_threshold": 0.5, "categorical_comparison_threshold": 0.05}

    assert [feature for feature, _, _ in violations(table(**rows), distribution_constraints=own)] == ["colour"]
    assert violations(table(**rows), distribution_constraints={"comparison_threshold": 0.5}) == []


def test_chi_squared_violates_when_the_p_value_is_small(violations: Violations, table: Table) -> None:
    method = {"categorical_drift_method": "ChiSquared", "comparison_threshold": 0.05}
    drifted = good_rows() | {"colour": ["red"] * 80 + ["blue"] * 20}

    ((feature, _, text),) = violations(table(**drifted), distribution_constraints=method)
    assert feature == "colour"
    assert text.startswith("Baseline drift p-value: 1.97")
    assert text.endswith("E-9 is below threshold: 0.05")
    assert violations(table(**good_rows()), distribution_constraints=method) == []


@pytest.mark.parametrize("key", ["monitoring_config_overrides", "monitoringConfigOverrides"])
def test_a_feature_may_have_limits_of_its_own(violations: Violations, table: Table, key: str) -> None:
    rows = good_rows() | {"age": [50] * 100}
    overrides = {"distribution_constraints": {"comparison_threshold": 0.9}}

    assert violations(table(**rows), {**AGE, key: overrides}, COLOUR) == []


def test_overrides_inside_string_constraints_are_understood(violations: Violations, table: Table) -> None:
    rows = good_rows() | {"colour": ["red"] * 100}
    inside = {"domains": ["red"], "monitoring_config_overrides": {"evaluate_constraints": "Disabled"}}

    assert violations(table(**rows), AGE, {**COLOUR, "string_constraints": inside}) == []


@pytest.mark.parametrize(
    "config",
    [{"evaluate_constraints": "Disabled"}, {"distribution_constraints": {"perform_comparison": "Disabled"}}],
)
def test_switches(violations: Violations, table: Table, config: Config) -> None:
    rows = good_rows() | {"age": [50] * 100}

    assert violations(table(**rows), **config) == []


def test_another_number_of_columns_is_the_only_violation(violations: Violations, table: Table) -> None:
    wider = table(**good_rows(), extra=["x"] * 100)
    narrower = table(age=[None] * 100)

    assert violations(wider) == [
        (
            "Extra columns",
            "extra_column_check",
            "There are extra columns in current dataset. Number of columns in current dataset: 3, "
            "Number of columns in baseline constraints: 2",
        )
    ]
    assert [(feature, check) for feature, check, _ in violations(narrower)] == [
        ("Missing columns", "missing_column_check")
    ]


def test_a_few_wide_rows_do_not_hide_the_others(table: Table) -> None:
    constraints = {"features": [AGE, COLOUR], "monitoring_config": {}}
    baseline = import_baseline(json.dumps(constraints).encode())
    rows, wide = table(age=["x"] * 100, colour=["red"] * 100), table(age=[1], colour=["red"], _c2=[5])

    def found(compat: bool) -> list[str]:
        result = evaluate_window(DataQualitySpec(), [rows, wide], baseline, compat=compat)
        return [check.constraint.check_type for check in result.evaluation.violations]

    assert found(compat=False) == ["extra_column_check", "data_type_check"]
    assert found(compat=True) == ["extra_column_check"]


def test_columns_are_matched_by_name_or_else_by_position(violations: Violations, table: Table) -> None:
    rows = good_rows()
    swapped = table(colour=rows["colour"], age=rows["age"])

    assert violations(swapped) == []
    assert {check for _, check, _ in violations(swapped, compat=True)} >= {"data_type_check"}
    assert violations(table(_c0=rows["age"], _c1=rows["colour"])) == []


def test_what_cannot_be_decided_is_not_evaluated_with_a_reason(table: Table) -> None:
    """Drift needs a baseline of that feature, a minimum of rows, and values."""
    good = table(age=[20, 30, 40, 50] * 50, colour=["red", "blue"] * 100)
    statistics = dump_statistics(fit(DataQuality(), [good]).state)
    constraints = {"features": [AGE, COLOUR, {**AGE, "name": "size"}], "monitoring_config": {}}
    baseline = import_baseline(json.dumps(constraints).encode(), statistics)
    window = table(age=[20, 30], colour=[None, None], size=[1, 2])

    result = evaluate_window(DataQualitySpec(min_rows=10), [window], baseline)

    drift = {c.constraint.subject.column: c for c in result.evaluation.checks if c.constraint.metric == "distance"}
    assert {check.outcome for check in drift.values()} == {Outcome.NOT_EVALUATED}
    assert drift["age"].reason == "needs 10 rows, got 2"
    assert drift["size"].reason == "not measured in this window"
    assert drift["colour"].reason == "not measured in this window"
