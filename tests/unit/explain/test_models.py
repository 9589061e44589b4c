"""Model files: what is read, and what is refused."""

from __future__ import annotations

import json
import pickle
from typing import Any

import numpy as np
import pytest

from monitoring_core.dataset import Batch, column_from_texts
from monitoring_core.errors import DataError, UnsupportedFormatError
from monitoring_core.explain import Background, CallableModel, encode, load_model
from monitoring_core.explain.encode import order_of, require_codes, unreadable


def linear(**document: Any) -> bytes:
    return json.dumps(document).encode()


def test_a_logistic_model_gives_probabilities() -> None:
    loaded = load_model(linear(kind="logistic", features=["age", "hours"], coefficients=[0.5, -1.0], intercept=0.25))

    assert loaded.model.features == ("age", "hours")
    assert loaded.model.predict(np.array([[1.5, 1.0], [3.5, 1.0]]))[:, 0] == pytest.approx([0.5, 1 / (1 + np.exp(-1))])


def test_several_outputs_of_a_linear_model() -> None:
    loaded = load_model(linear(kind="softmax", weights=[[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]], bias=[0.0, 0.0, 0.0]))

    found = loaded.model.predict(np.array([[2.0, 1.0]]))

    assert found.sum() == pytest.approx(1.0)
    assert found[0, 0] > found[0, 1] > found[0, 2]
    assert loaded.model.features == ("f0", "f1")


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"weights": [1.0]}, "kind"),
        ({"kind": "cubic", "weights": [1.0]}, "kind"),
        ({"kind": "linear"}, "weights"),
        ({"kind": "linear", "weights": [1.0, 2.0], "features": ["a"]}, "2 weights"),
        ({"kind": "linear", "weights": {"a": 1.0}, "features": ["a", "b"]}, "name the same"),
        ({"kind": "softmax", "weights": [[1.0], [2.0]], "bias": 0.0}, "1 biases"),
    ],
)
def test_a_wrong_linear_model_is_refused_with_what_is_wrong(document: dict[str, Any], said: str) -> None:
    with pytest.raises(UnsupportedFormatError, match=said):
        load_model(linear(**document), "model.json")


@pytest.mark.parametrize("protocol", range(2, 6))
def test_a_pickle_is_never_read(protocol: int) -> None:
    with pytest.raises(UnsupportedFormatError, match="executes code"):
        load_model(pickle.dumps({"a": 1}, protocol=protocol), "model.pkl")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x1f\x8b\x08\x00",
        b"{",
        b"{}",
        b"[1, 2]",
        b"tree\nversion=v4\n",
        b"\x08\x07garbage",
        b"{L\x00\x00",
        b"\x00\x01\x02",
        b'{"learner": {}}',
        b'{"learner": 3}',
        b"PK\x03\x04",
    ],
)
def test_a_damaged_or_unknown_file_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(UnsupportedFormatError, match="the-model"):
        load_model(data, "the-model")


def test_every_cut_of_a_file_is_refused_or_read() -> None:
    """A cut file never gives anything but the one error."""
    xgboost = pytest.importorskip("xgboost", reason="xgboost comes with the extra demo")
    data = xgboost.DMatrix(np.random.default_rng(0).normal(size=(50, 2)), np.arange(50) % 2)
    whole = bytes(xgboost.train({"objective": "binary:logistic", "max_depth": 2}, data, 1).save_raw("ubj"))
    for size in range(1, len(whole), 37):
        with pytest.raises(UnsupportedFormatError):
            load_model(whole[:size])


def test_an_unknown_objective_is_refused_with_the_known_ones() -> None:
    document = {
        "learner": {
            "gradient_booster": {"name": "gbtree", "model": {}},
            "learner_model_param": {"base_score": "0.5", "num_feature": "1"},
            "objective": {"name": "binary:hinge"},
        }
    }
    with pytest.raises(
        UnsupportedFormatError, match="unknown XGBoost objective 'binary:hinge'; known: binary:logistic"
    ):
        load_model(json.dumps(document).encode())


def batch(**columns: list[str | None]) -> Batch:
    return Batch({name: column_from_texts(values) for name, values in columns.items()})


def test_texts_become_the_codes_of_the_model_file() -> None:
    data = batch(carrier=["YV", "AA", None, "ZZ"], delayed=["true", "false", "true", ""])

    assert encode(data, ["carrier", "delayed"], {0: ("AA", "UA", "YV")}) == pytest.approx(
        np.array([[2, 1], [0, 0], [np.nan, 1], [np.nan, np.nan]]), nan_ok=True
    )


def test_texts_without_codes_are_refused_and_found() -> None:
    data = batch(carrier=["YV", "3"], age=["41", "?"])

    with pytest.raises(DataError, match=r"column 'carrier' has texts, e\.g\. 'YV'"):
        require_codes(data, ["carrier"], {})
    assert unreadable(data, ["carrier", "age"], {0: ("YV",)}).tolist() == [False, True]


def test_columns_are_taken_by_name_else_by_position() -> None:
    named, unnamed = CallableModel(np.sum, ("age", "sex")), CallableModel(np.sum)

    assert order_of(["sex", "id", "age"], named) == ("age", "sex")
    assert order_of(["Age", "Sex"], named) == ("Age", "Sex")
    assert order_of(["Age", "Sex"], unnamed) == ("Age", "Sex")
    with pytest.raises(DataError, match="the model takes the 2 features age, sex; the data has the 1 columns Age"):
        order_of(["Age"], named)


def test_a_summary_of_a_background_keeps_its_weight_and_its_values() -> None:
    random = np.random.default_rng(0)
    rows = np.concatenate([random.normal(0, 0.1, (80, 2)), random.normal(5, 0.1, (20, 2))]).round(2)

    found = Background.of(rows).summarise(2)

    assert len(found) == 2
    assert sorted(found.weights) == pytest.approx([0.2, 0.8])
    assert np.isin(found.rows, rows).all()
    assert sorted(found.rows[:, 0]) == pytest.approx([0, 5], abs=0.1)


def test_a_summary_is_the_same_every_time_and_leaves_small_backgrounds_alone() -> None:
    rows = np.random.default_rng(0).normal(size=(200, 3))
    gaps = np.where(np.random.default_rng(1).random(rows.shape) < 0.3, np.nan, rows)

    first, again = (Background.of(gaps).summarise(7, seed=3) for _ in range(2))

    assert np.array_equal(first.rows, again.rows)
    assert 1 <= len(first) <= 7
    assert len(Background.of(rows).summarise(200)) == 200
    with pytest.raises(DataError, match="at least one record"):
        Background.of(np.empty((0, 3)))
