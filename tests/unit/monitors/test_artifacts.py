"""Batches in, files out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from monitoring_core.artifacts import evaluate_window, import_baseline, load_baseline, make_baseline
from monitoring_core.baseline_files import BaselineFiles
from monitoring_core.checks.codec import load_evaluation
from monitoring_core.checks.evaluation import Outcome
from monitoring_core.dataset import Batch, Quarantine, Reason
from monitoring_core.errors import BaselineError, ColumnNotFoundError, DataError, NoDataError
from monitoring_core.monitors.data_quality.analysis import load_limits, load_reference
from monitoring_core.spec import DataQualitySpec, DistributionConstraints, FeatureConstraint, SchemaSpec

if TYPE_CHECKING:
    from tests.unit.monitors.conftest import Table

CREATED = datetime(2024, 1, 1, tzinfo=UTC)


def make(
    batches: Iterable[Batch],
    spec: DataQualitySpec | None = None,
    *,
    time_column: str | None = None,
    period: timedelta = timedelta(days=1),
    compat: bool = False,
) -> BaselineFiles:
    return make_baseline(
        spec or DataQualitySpec(),
        batches,
        model="flights-1",
        dataset="s3://bucket/train.csv",
        dataset_sha256="ab",
        created_at=CREATED,
        time_column=time_column,
        period=period,
        compat=compat,
    )


@pytest.fixture
def seasonal(table: Table) -> Batch:
    """Twenty days of a temperature whose mean moves from day to day, with gaps on some days."""
    random = np.random.default_rng(0)
    days = np.repeat(np.arange(20), 200)
    at = [(CREATED + timedelta(days=int(day), minutes=i % 200)).isoformat() for i, day in enumerate(days)]
    temp = [None if i % 50 < int(day) % 3 else f"{random.normal(day, 3):.3f}" for i, day in enumerate(days)]
    steady = random.normal(size=days.size)
    return table(at=at, temp=temp, steady=steady)


def test_a_baseline_is_bound_to_its_model_and_named_by_its_content(table: Table) -> None:
    baseline = make([table(age=[1, 2, 3])])
    info = json.loads(baseline.files["baseline.json"])

    assert info["model"] == "flights-1"
    assert info["rows"] == 3
    assert info["created_at"] == "2024-01-01T00:00:00Z"
    assert set(info["files"]) == {"statistics.json", "constraints.json"}
    assert info["baseline_id"] == baseline.baseline_id
    assert load_baseline(baseline.files, model="flights-1") == baseline
    assert make([table(age=[1, 2, 3])]).files == baseline.files
    assert make([table(age=[1, 2, 4])]).baseline_id != baseline.baseline_id


@pytest.mark.parametrize("name", ["statistics.json", "constraints.json"])
def test_a_changed_or_missing_file_is_refused(table: Table, name: str) -> None:
    files = dict(make([table(age=[1, 2, 3])]).files)
    flipped = bytearray(files[name])
    flipped[10] ^= 1

    with pytest.raises(BaselineError, match=rf"{name} of baseline \w+ was changed"):
        load_baseline({**files, name: bytes(flipped)})
    with pytest.raises(BaselineError, match=f"lacks {name}"):
        load_baseline({key: data for key, data in files.items() if key != name})


def test_a_baseline_of_another_model_is_refused(table: Table) -> None:
    files = make([table(age=[1, 2, 3])]).files

    with pytest.raises(BaselineError, match="belongs to model 'flights-1', the endpoint serves 'flights-2'"):
        load_baseline(files, model="flights-2")
    with pytest.raises(BaselineError, match=r"no baseline.json \(found: nothing\)"):
        load_baseline({})


def test_limits_are_calibrated_to_the_windows_of_the_baseline(seasonal: Batch) -> None:
    baseline = make([seasonal], time_column="at", period=timedelta(days=1))
    features = {f.name: f for f in load_limits(baseline.files).features}
    calibrated = features["temp"].monitoring_config_overrides
    assert calibrated is not None
    distribution = calibrated.distribution_constraints
    assert distribution is not None
    assert distribution.comparison_threshold is not None

    assert list(features) == ["temp", "steady"]
    assert distribution.comparison_threshold > 0.3
    assert features["steady"].monitoring_config_overrides is None
    assert features["temp"].completeness == pytest.approx(0.96)


def test_a_calibrated_baseline_accepts_each_of_its_own_windows(seasonal: Batch) -> None:
    baseline = make([seasonal], time_column="at")
    for day in range(20):
        rows = np.arange(day * 200, (day + 1) * 200)
        window = type(seasonal)(
            {
                name: type(c)(c.codes[rows], c.numbers[rows], None if c.texts is None else c.texts[rows])
                for name, c in seasonal.columns.items()
                if name != "at"
            }
        )
        assert evaluate_window(DataQualitySpec(), [window], baseline).violations == 0


def test_a_baseline_of_one_window_leaves_room_for_chance(table: Table) -> None:
    gaps_and_mixture = [None if i % 10 == 0 else i if i % 2 else i + 0.5 for i in range(1000)]
    (feature,) = load_limits(make([table(x=gaps_and_mixture)]).files).features

    assert feature.completeness == pytest.approx(0.9 - 3 * (0.9 * 0.1 / 100) ** 0.5)
    share = 400 / 900
    limits = feature.monitoring_config_overrides
    assert limits is not None
    assert limits.datatype_check_threshold == pytest.approx(share - 3 * (share * (1 - share) / 100) ** 0.5)


def test_calibration_can_be_switched_off(seasonal: Batch) -> None:
    spec = DataQualitySpec(distribution=DistributionConstraints(calibrate=False))
    baseline = make([seasonal], spec, time_column="at")

    assert all(f.monitoring_config_overrides is None for f in load_limits(baseline.files).features)


def test_counts_at_the_edges_are_exact_where_the_sketch_is_not(table: Table) -> None:
    values = np.random.default_rng(0).normal(size=20_000).round(3)
    baseline = make([table(x=values[:9000]), table(x=values[9000:])])
    histogram = load_reference(baseline.files).columns["x"].histogram

    assert histogram.through.tolist() == [int((values <= edge).sum()) for edge in histogram.edges]
    assert histogram.below.tolist() == [int((values < edge).sum()) for edge in histogram.edges]


def test_columns_are_those_of_the_specification_in_its_order(table: Table) -> None:
    spec = DataQualitySpec(columns=SchemaSpec(outputs=("score",), features=("b", "a")))
    data = table(a=[1], b=[2], label=[0], score=[0.5])

    assert [f.name for f in load_limits(make([data], spec).files).features] == ["score", "b", "a"]
    with pytest.raises(ColumnNotFoundError, match="column 'score' not found; available columns: a, b"):
        make([table(a=[1], b=[2])], spec)


def test_no_rows_make_no_baseline(table: Table) -> None:
    with pytest.raises(NoDataError, match=r"s3://bucket/train.csv has no rows"):
        make([table(age=[])])


def test_a_time_that_is_none_is_named(table: Table) -> None:
    with pytest.raises(DataError, match="'yesterday' in the time column 'at' is not a time; write ISO 8601"):
        make([table(at=["2024-01-01", "yesterday"], x=[1, 2])], time_column="at")


def test_a_run_writes_amazons_files_and_the_whole_verdict(table: Table) -> None:
    baseline = make([table(age=[20, 30, 40, 50] * 100)])

    result = evaluate_window(DataQualitySpec(), [table(age=[50] * 300), table(age=[50] * 100)], baseline)

    assert set(result.files) == {
        "statistics.json",
        "constraints.json",
        "constraint_violations.json",
        "evaluation.json",
    }
    (entry,) = json.loads(result.files["constraint_violations.json"])["violations"]
    assert entry["metric_value"] == pytest.approx(0.75 - 1.8 * (2 / 400) ** 0.5)
    assert entry["threshold"] == 0.1
    assert json.loads(result.files["statistics.json"])["dataset"]["item_count"] == 400
    assert load_evaluation(result.files["evaluation.json"]) == result.evaluation
    assert (result.violations, result.evaluation.n) == (1, 400)
    assert result.drift_excess == pytest.approx(entry["metric_value"] / 0.1)
    (worst,) = result.worst
    assert (worst.feature, worst.check, worst.value) == ("age", "baseline_drift_check", entry["metric_value"])
    assert worst.description == entry["description"]


def test_the_same_window_gives_the_same_bytes(table: Table) -> None:
    baseline = make([table(age=[20, 30, 40, 50] * 100)])
    first, second = (evaluate_window(DataQualitySpec(), [table(age=[1, 2, 3])], baseline).files for _ in range(2))

    assert first == second


def test_no_rows_are_no_verdict(table: Table) -> None:
    result = evaluate_window(DataQualitySpec(), [], make([table(age=[1, 2])]))

    assert result.evaluation.outcome is Outcome.NOT_EVALUATED
    assert (result.evaluation.n, result.violations) == (0, 0)
    assert np.isnan(result.drift_excess)


def test_another_number_of_columns_leaves_no_statistics(table: Table) -> None:
    result = evaluate_window(DataQualitySpec(), [table(age=[1], size=[2])], make([table(age=[1, 2])]))

    assert set(result.files) == {"constraint_violations.json", "evaluation.json"}
    assert result.worst[0].feature == "Extra columns"


def test_the_specification_overrides_the_baseline_at_evaluation(table: Table) -> None:
    baseline = make([table(age=[20, 30, 40, 50] * 100)])
    drifted = [table(age=[50] * 400)]

    def violations(spec: DataQualitySpec) -> int:
        return evaluate_window(spec, drifted, baseline).violations

    assert violations(DataQualitySpec()) == 1
    assert violations(DataQualitySpec(features={"age": FeatureConstraint(max_distance=0.9)})) == 0
    assert violations(DataQualitySpec(features={"age": FeatureConstraint(perform_comparison=False)})) == 0
    assert violations(DataQualitySpec(distribution=DistributionConstraints(comparison_threshold=0.8))) == 0
    with pytest.raises(ColumnNotFoundError, match="column 'agee' not found"):
        violations(DataQualitySpec(features={"agee": FeatureConstraint()}))


def test_records_that_were_set_aside_are_written_with_their_reasons(table: Table) -> None:
    quarantine = Quarantine(max_examples=1)
    for line in (3, 8):
        quarantine.add("a.jsonl", line, Reason.NOT_JSON, excerpt="{")

    result = evaluate_window(DataQualitySpec(), [table(age=[1])], make([table(age=[1])]), quarantine=quarantine)

    head, record = map(json.loads, result.files["quarantine.jsonl"].splitlines())
    assert head == {"count": 2, "by_reason": {"the record is not valid JSON": 2}}
    assert record["line"] == 3


def test_without_statistics_everything_but_drift_is_evaluated(table: Table) -> None:
    constraints = make([table(age=[1, 2])]).files["constraints.json"]

    result = evaluate_window(DataQualitySpec(), [table(age=[1, "x"])], import_baseline(constraints))

    assert [c.constraint.check_type for c in result.evaluation.violations] == ["data_type_check"]


def test_parity_leaves_out_our_keys_and_our_calibration(seasonal: Batch, table: Table) -> None:
    assert all(
        f.monitoring_config_overrides is None
        for f in load_limits(make([seasonal], time_column="at", compat=True).files).features
    )
    result = evaluate_window(DataQualitySpec(), [table(age=["x"])], make([table(age=[1])]), compat=True)
    (entry,) = json.loads(result.files["constraint_violations.json"])["violations"]
    assert set(entry) == {"feature_name", "constraint_check_type", "description"}
