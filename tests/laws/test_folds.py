"""Every kind as a fold: parts that go through bytes conclude as the whole does, alone or beside other monitors."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache, reduce
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings

from monitoring_core.checks.evaluation import Evaluation, Measurement, Outcome
from monitoring_core.dataset import Batch
from monitoring_core.engines.local import Failure, fold_all
from monitoring_core.engines.partial import Partial, merge_partials
from monitoring_core.errors import ColumnNotFoundError, DataError, IncompatibleStatesError
from monitoring_core.fold import Fold, analyse
from monitoring_core.kinds import Against, GoodData, fold_of, make_files
from monitoring_core.spec import (
    ColumnSelection,
    CustomSpec,
    DataIntegritySpec,
    DataQualitySpec,
    EmbeddingDriftSpec,
    ModelBiasSpec,
    ModelExplainabilitySpec,
    MonitorSpec,
    PredictionDriftSpec,
    SchemaSpec,
    TextSpec,
)
from monitoring_core.spec.embedding_drift import VectorColumns
from monitoring_core.spec.model_quality import ModelQualitySpec, ProblemType
from tests.laws.strategies import CUTS, batches_of, close

MODEL = json.dumps({"kind": "linear", "features": ["number", "count"], "weights": [1.0, 0.4], "bias": 0.0}).encode()
BIAS = ModelBiasSpec(
    label=ColumnSelection(column="class", equals=("a",)),
    facets=(ColumnSelection(column="count", greater_than=3), ColumnSelection(column="answer")),
    predicted_label="guess",
    group_variable="flag",
    columns=SchemaSpec(features=("number", "count")),
)
BINARY = ModelQualitySpec(
    problem_type=ProblemType.BINARY, probability_attribute="chance", ground_truth_attribute="flag", min_rows=20
)
EXPLAINABILITY = ModelExplainabilitySpec(columns=SchemaSpec(features=("number", "count")), model_file="model.json")


@dataclass(frozen=True)
class Case:
    """A kind, its baseline, and what is peculiar about them."""

    spec: MonitorSpec
    compat: bool = False
    without: frozenset[str] = field(default_factory=frozenset)
    """Files that the baseline lacks."""


CASES = {
    "data quality": Case(DataQualitySpec()),
    "data quality by slice": Case(DataQualitySpec(segments=("class",))),
    "data quality as Amazon": Case(DataQualitySpec(), compat=True),
    "binary": Case(BINARY),
    "binary by segment": Case(BINARY.model_copy(update={"segments": ("class",)})),
    "binary, undecided": Case(BINARY, compat=True),
    "binary of two words, undecided": Case(
        ModelQualitySpec(
            problem_type=ProblemType.BINARY,
            probability_attribute="chance",
            inference_attribute="said",
            ground_truth_attribute="answer",
        ),
        without=frozenset({"model_quality.json"}),
    ),
    "multiclass": Case(
        ModelQualitySpec(
            problem_type=ProblemType.MULTICLASS, inference_attribute="guess", ground_truth_attribute="class"
        )
    ),
    "regression": Case(
        ModelQualitySpec(
            problem_type=ProblemType.REGRESSION, inference_attribute="number", ground_truth_attribute="count"
        )
    ),
    "bias": Case(BIAS),
    "bias by slice": Case(BIAS.model_copy(update={"segments": ("class",)})),
    "bias as Clarify": Case(BIAS, compat=True),
    "explainability": Case(EXPLAINABILITY),
    "explainability of some rows": Case(EXPLAINABILITY.model_copy(update={"max_rows": 12})),
    "explainability of some rows by segment": Case(
        EXPLAINABILITY.model_copy(update={"max_rows": 110, "segments": ("class",), "min_rows": 5})
    ),
    "explainability as Clarify": Case(EXPLAINABILITY.model_copy(update={"agg_method": "median"}), compat=True),
    "prediction drift": Case(PredictionDriftSpec(columns=SchemaSpec(outputs=("number",)))),
    "data integrity": Case(DataIntegritySpec(segments=("class",))),
    "embedding drift": Case(EmbeddingDriftSpec(vectors=(VectorColumns(name="pair", columns=("number", "chance")),))),
    "text": Case(TextSpec(texts=("note",))),
    "custom": Case(CustomSpec(name="revenue", factory="tests.laws.kpi:make", segments=("class",))),
}

each_case = pytest.mark.parametrize("name", CASES)


def table(rows: int, seed: int, *, shift: float = 0.0) -> dict[str, list[str | None]]:
    random = np.random.default_rng(seed)
    flags = random.random(rows) < 0.4
    chances = np.clip(random.normal(0.3 + 0.4 * flags, 0.2), 0, 1)
    wrong = random.random(rows) < 0.1 + 0.3 * shift
    columns: dict[str, list[str | None]] = {
        "number": [f"{value:.2f}" for value in random.normal(shift, 1, rows)],
        "count": [str(value) for value in random.poisson(3 + 3 * shift, rows)],
        "class": [str(value) for value in random.choice(["a", "b", "c"], rows, p=[0.5, 0.4, 0.1])],
        "note": [" ".join(["late", "flight"] * size) for size in random.poisson(2 + 3 * shift, rows) + 1],
        "flag": [str(int(flag)) for flag in flags],
        "answer": ["yes" if flag else "no" for flag in flags],
        "chance": [f"{chance:.3f}" for chance in chances],
        "said": ["yes" if chance > 0.5 else "no" for chance in chances],
    }
    columns["guess"] = ["c" if missed else name for name, missed in zip(columns["class"], wrong, strict=True)]
    return columns


WINDOW = table(400, 3, shift=0.4)


@cache
def files_of(name: str) -> dict[str, bytes]:
    case = CASES[name]
    files, _ = make_files(case.spec, GoodData([batches_of(table(800, 99), [100])], MODEL, case.compat))
    return {file: content for file, content in files.items() if file not in case.without}


@cache
def held(name: str) -> Fold[Any]:
    case = CASES[name]
    return fold_of(case.spec, Against(files_of(name), compat=case.compat))


def same(left: Evaluation, right: Evaluation) -> bool:
    judged = [[(c.constraint, c.outcome) for c in one.checks] for one in (left, right)]
    pairs = zip(left.measurements, right.measurements, strict=True)
    return judged[0] == judged[1] and left.n == right.n and all(same_measurement(*pair) for pair in pairs)


def same_measurement(left: Measurement, right: Measurement) -> bool:
    ours, theirs = ((one.value, *(one.interval or ())) for one in (left, right))
    numbers = np.allclose(ours, theirs, rtol=1e-9, atol=1e-9, equal_nan=True)
    return (left.metric, left.subject, left.n) == (right.metric, right.subject, right.n) and numbers


@each_case
@settings(max_examples=6, deadline=None)
@given(cuts=CUTS)
def test_parts_that_go_through_bytes_conclude_as_the_whole(name: str, cuts: list[int]) -> None:
    fold = held(name)
    (whole,) = (fold.observe(batch) for batch in batches_of(WINDOW, []))
    parts = [fold.load(fold.dump(fold.observe(batch))) for batch in batches_of(WINDOW, [2 * cut for cut in cuts])]

    backwards = reduce(lambda left, right: left.merge(right), parts[::-1], fold.empty())
    merged = reduce(lambda left, right: left.merge(right), parts, fold.load(fold.dump(fold.empty())))

    assert close(merged, whole)
    assert close(backwards, whole)
    assert same(fold.conclude(merged).evaluation, fold.conclude(whole).evaluation)


@each_case
def test_a_state_survives_its_bytes(name: str) -> None:
    fold = held(name)
    for state in (fold.observe(batches_of(WINDOW, [])[0]), fold.empty()):
        body = fold.dump(state)
        assert fold.load(body) == state
        assert fold.dump(fold.load(body)) == body
        assert same(fold.conclude(fold.load(body)).evaluation, fold.conclude(state).evaluation)


@each_case
def test_no_rows_are_not_healthy(name: str) -> None:
    no_batch: list[Batch] = []
    for nothing in (no_batch, batches_of(table(0, 0), [])):
        assert analyse(held(name), nothing).evaluation.outcome is Outcome.NOT_EVALUATED


def test_what_the_labels_tell_is_what_a_given_positive_label_tells() -> None:
    name = "binary of two words, undecided"
    told = CASES[name].spec.model_copy(update={"positive_label": "yes"})
    folds = fold_of(told, Against(files_of(name))), held(name)

    expected, found = (analyse(fold, batches_of(WINDOW, [7, 150])) for fold in folds)

    assert expected.evaluation.n == 400
    assert same(expected.evaluation, found.evaluation)
    assert expected.files == found.files


def test_three_labels_are_no_two_classes_wherever_they_are() -> None:
    fold = held("binary of two words, undecided")
    window = WINDOW | {"answer": ["maybe", *WINDOW["answer"][1:]]}

    for cuts in ([], [1], [1, 200]):
        with pytest.raises(DataError, match="holds maybe, no, yes; BinaryClassification has two classes"):
            analyse(fold, batches_of(window, cuts))


def test_several_monitors_in_one_pass_are_each_alone() -> None:
    folds = {name: held(name) for name in CASES}

    together = fold_all(folds, iter(batches_of(WINDOW, [100, 150])))

    for name, fold in folds.items():
        (alone,) = fold_all({name: fold}, batches_of(WINDOW, [100, 150])).values()
        assert together[name] == alone


def test_a_monitor_that_cannot_be_computed_does_not_stop_the_others() -> None:
    folds = {name: held(name) for name in ("text", "regression")}
    batches = [Batch({"note": batch["note"]}) for batch in batches_of(WINDOW, [100])]
    failures: dict[str, Failure] = {}

    assert set(fold_all(folds, batches, failures)) == {"text"}

    assert failures["regression"].error == "ColumnNotFoundError"
    assert "column 'count' not found" in failures["regression"].message
    with pytest.raises(ColumnNotFoundError):
        fold_all(folds, batches)


def test_partials_of_shards_are_merged() -> None:
    folds = {name: held(name) for name in ("data quality", "multiclass", "bias by slice")}
    shards = batches_of(WINDOW, [100, 100, 300])

    partials = [
        Partial({name: fold.dump(state) for name, fold in folds.items() for state in [fold.observe(shard)]})
        for shard in shards
    ]
    merged = merge_partials(folds, (Partial.load(partial.dump()) for partial in partials))

    assert not merged.failures
    assert merged.labels is None
    for name, fold in folds.items():
        assert same(fold.conclude(merged.states[name]).evaluation, analyse(fold, shards).evaluation)


def test_a_partial_without_a_monitor_is_not_taken_for_the_whole() -> None:
    folds = {name: held(name) for name in ("data quality", "multiclass")}
    one = Partial({"data quality": folds["data quality"].dump(folds["data quality"].empty())})

    with pytest.raises(DataError, match="no state of monitor 'multiclass', it has those of data quality"):
        merge_partials(folds, [one])
    with pytest.raises(DataError, match="there is no partial"):
        merge_partials(folds, [])


def test_states_of_something_else_are_refused() -> None:
    regression, text = held("regression"), held("text")
    body = regression.dump(regression.empty())
    document = msgspec.msgpack.decode(body)

    for other, message in (
        (b"", "are no state"),
        (b"\x80", "are no state"),
        (body[:-3], "are no state"),
        (text.dump(text.empty()), "another monitor"),
        (msgspec.msgpack.encode(document | {"version": 2}), "in version 2"),
        (msgspec.msgpack.encode(document | {"more": 1}), "are no state"),
        (msgspec.msgpack.encode(document | {"state": {"errors": []}}), "cannot be read"),
        (msgspec.msgpack.encode(document | {"state": {}}), "cannot be read"),
    ):
        with pytest.raises(IncompatibleStatesError, match=message):
            regression.load(other)


def test_states_of_other_baselines_do_not_merge() -> None:
    spec = DataQualitySpec()
    folds = [
        fold_of(spec, Against(make_files(spec, GoodData([batches_of(table(300, seed), [])]))[0])) for seed in (1, 2)
    ]
    first, second = (fold.observe(batches_of(WINDOW, [])[0]) for fold in folds)

    with pytest.raises(IncompatibleStatesError):
        first.merge(folds[0].load(folds[1].dump(second)))


def test_minus_zero_is_zero_wherever_the_rows_were_cut() -> None:
    fold = held("data quality")
    numbers: list[str | None] = ["-0.00", "0.00", "1.00"] * 133
    window = WINDOW | {"number": [*numbers, "-0.00"]}
    whole, parts = (fold_all({"": fold}, batches_of(window, cuts))[""] for cuts in ([], [1]))

    assert close(whole, parts)
