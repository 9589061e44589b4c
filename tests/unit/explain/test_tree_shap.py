"""Closed forms of tree ensembles against the definition."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring_core.errors import UnsupportedFormatError
from monitoring_core.explain import Background, Explainer, Link, TreeEnsemble, explain_by_cover, load_model
from monitoring_core.explain.forest import Tree, join_trees
from tests.unit.explain.brute_force import shapley_values

FEATURES = 5


def random_tree(random: np.random.Generator, *, depth: int, outputs: int = 1, features: int = FEATURES) -> Tree:
    """A tree with gaps, categories (the last feature) and features that are asked again on one path."""
    nodes: list[dict[str, Any]] = []

    def grow(level: int) -> int:
        place = len(nodes)
        nodes.append({"feature": -1, "left": -1, "right": -1, "value": np.zeros(outputs), "codes": None})
        if level == depth or (level and random.random() < 0.2):
            nodes[place]["value"] = random.normal(size=outputs)
            return place
        feature = int(random.integers(features))
        nodes[place]["feature"] = feature
        if feature == features - 1:
            nodes[place]["codes"] = [code for code in range(4) if random.random() < 0.5]
        nodes[place]["left"], nodes[place]["right"] = grow(level + 1), grow(level + 1)
        return place

    grow(0)
    size = len(nodes)
    return Tree(
        feature=np.array([node["feature"] for node in nodes]),
        threshold=random.normal(size=size).round(1),
        left=np.array([node["left"] for node in nodes]),
        right=np.array([node["right"] for node in nodes]),
        default_left=random.random(size) < 0.5,
        value=np.array([node["value"] for node in nodes]),
        cover=np.ones(size),
        zero_is_missing=random.random(size) < 0.3,
        missing_is_zero=random.random(size) < 0.3,
        left_categories={place: node["codes"] for place, node in enumerate(nodes) if node["codes"] is not None},
    )


def forest(seed: int, *, trees: int = 3, depth: int = 5, outputs: int = 1, features: int = FEATURES) -> TreeEnsemble:
    random = np.random.default_rng(seed)
    grown = [random_tree(random, depth=depth, outputs=outputs, features=features) for _ in range(trees)]
    return join_trees(grown, random.normal(size=outputs), link=Link.IDENTITY)


def table(seed: int, rows: int, features: int = FEATURES) -> np.ndarray[Any, np.dtype[np.float64]]:
    random = np.random.default_rng(seed)
    values = random.normal(size=(rows, features)).round(1)
    values[:, -1] = random.integers(-1, 6, rows)
    values[random.random(values.shape) < 0.1] = np.nan
    values[random.random(values.shape) < 0.1] = 0.0
    return values


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), outputs=st.integers(1, 2))
def test_values_against_a_background_are_shapley_values_by_definition(seed: int, outputs: int) -> None:
    model, rows, background = forest(seed, outputs=outputs), table(seed + 1, 4), Background.of(table(seed + 2, 3))

    found = Explainer.of(model, background, rows=4).explain(rows)

    assert found.values == pytest.approx(shapley_values(model.raw, rows, background), abs=1e-12)
    assert found.values.sum(axis=2) + found.expected == pytest.approx(model.raw(rows), abs=1e-12)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_paths_of_many_different_features_take_another_way_to_the_same(seed: int) -> None:
    model = forest(seed, trees=1, depth=10, features=9)
    rows, background = table(seed + 1, 3, 9), Background.of(table(seed + 2, 2, 9))

    found = Explainer.of(model, background, rows=3).explain(rows)

    assert found.values == pytest.approx(shapley_values(model.raw, rows, background), abs=1e-12)


def test_weights_of_the_background_count() -> None:
    model, rows, records = forest(1), table(2, 5), table(3, 4)
    counts = np.array([1.0, 0.0, 2.0, 5.0]) + 1

    weighted = Explainer.of(model, Background.of(records, counts), rows=5).explain(rows)

    repeated = Background(np.repeat(records, counts.astype(int), axis=0), np.full(int(counts.sum()), 1 / counts.sum()))
    assert weighted.values == pytest.approx(Explainer.of(model, repeated, rows=5).explain(rows).values, abs=1e-12)


def test_a_stump_and_a_bare_root() -> None:
    lonely = join_trees([random_tree(np.random.default_rng(0), depth=0)], np.zeros(1), link=Link.IDENTITY)
    rows = table(0, 2)

    found = Explainer.of(lonely, Background.of(rows), rows=2).explain(rows)

    assert not found.values.any()
    assert found.expected == pytest.approx(lonely.raw(rows)[0])


def test_no_rows_have_no_values() -> None:
    model, nothing = forest(1), np.empty((0, FEATURES))

    assert Explainer.of(model, Background.of(table(1, 3)), rows=0).explain(nothing).values.shape == (0, 1, FEATURES)
    assert model.predict(nothing).shape == (0, 1)
    assert explain_by_cover(model, nothing).values.shape == (0, 1, FEATURES)


def test_xgboosts_own_attributions_and_predictions() -> None:
    xgboost = pytest.importorskip("xgboost", reason="xgboost comes with the extra demo")
    random = np.random.default_rng(0)
    rows = np.where(random.random((400, 6)) < 0.1, np.nan, random.normal(size=(400, 6)))
    labels = (np.nan_to_num(rows[:, 0]) > np.nan_to_num(rows[:, 1] * rows[:, 2])).astype(int)
    booster = xgboost.train(
        {"objective": "binary:logistic", "max_depth": 9, "max_leaves": 40, "grow_policy": "lossguide"},
        xgboost.DMatrix(rows, labels),
        20,
    )
    for kind in ("json", "ubj"):
        model = load_model(bytes(booster.save_raw(kind))).model
        assert isinstance(model, TreeEnsemble)

        assert model.predict(rows)[:, 0] == pytest.approx(booster.predict(xgboost.DMatrix(rows)), abs=1e-6)
        own = booster.predict(xgboost.DMatrix(rows), pred_contribs=True)
        found = explain_by_cover(model, rows)
        assert found.values[:, 0] == pytest.approx(own[:, :-1], abs=1e-5)
        assert found.expected[0] == pytest.approx(own[0, -1], abs=1e-5)


def test_early_stopping_is_honoured() -> None:
    xgboost = pytest.importorskip("xgboost", reason="xgboost comes with the extra demo")
    random = np.random.default_rng(0)
    rows, labels = random.normal(size=(300, 3)), random.integers(0, 2, 300)
    data = xgboost.DMatrix(rows[:150], labels[:150])
    booster = xgboost.train(
        {"objective": "binary:logistic"},
        data,
        50,
        evals=[(xgboost.DMatrix(rows[150:], labels[150:]), "later")],
        early_stopping_rounds=2,
        verbose_eval=False,
    )
    best = int(booster.best_iteration)
    assert best + 1 < booster.num_boosted_rounds()

    found = load_model(bytes(booster.save_raw("json"))).model.predict(rows)

    expected = booster.predict(xgboost.DMatrix(rows), iteration_range=(0, best + 1))
    assert found[:, 0] == pytest.approx(expected, abs=1e-6)


def test_a_damaged_tree_is_refused() -> None:
    tree = random_tree(np.random.default_rng(3), depth=3)
    tree.left[0] = 0

    with pytest.raises(UnsupportedFormatError, match="nodes are not in order"):
        join_trees([tree], np.zeros(1), link=Link.IDENTITY)
    with pytest.raises(UnsupportedFormatError, match="no trees"):
        load_model(json.dumps(empty_xgboost()).encode())


def empty_xgboost() -> dict[str, Any]:
    model = {"gbtree_model_param": {"num_parallel_tree": "1"}, "trees": [], "tree_info": []}
    return {
        "learner": {
            "gradient_booster": {"name": "gbtree", "model": model},
            "learner_model_param": {"base_score": "5E-1", "num_class": "0", "num_feature": "2"},
            "objective": {"name": "reg:squarederror"},
        }
    }
