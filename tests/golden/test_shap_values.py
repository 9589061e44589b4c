"""Shapley values and predictions of the libraries themselves, written by ``benchmarks/peers/shap_values.py``."""

from __future__ import annotations

import json
from base64 import b64decode
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monitoring_core.errors import UnsupportedFormatError
from monitoring_core.explain import Background, Explainer, LoadedModel, TreeEnsemble, explain_by_cover, load_model

CASES: dict[str, Any] = json.loads((Path(__file__).parent / "shap_values.json").read_bytes())["cases"]

GENERAL = "onnx polynomial"
"""A graph that is more than one operator of a model."""

each_case = pytest.mark.parametrize("name", [name for name in CASES if name != GENERAL])


def having(field: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("name", [name for name, case in CASES.items() if field in case])


def array(name: str, field: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array(CASES[name][field], dtype=np.float64)


def loaded(name: str) -> LoadedModel:
    return load_model(b64decode(CASES[name]["model"]), name)


@each_case
def test_predictions_are_the_librarys(name: str) -> None:
    predicted = array(name, "predicted")

    found = loaded(name).model.predict(array(name, "rows"))

    assert found.reshape(predicted.shape) == pytest.approx(predicted, rel=1e-5, abs=1e-6)


def test_a_general_graph_is_run_where_onnxruntime_is_and_refused_where_it_is_not() -> None:
    if find_spec("onnxruntime") is None:
        with pytest.raises(UnsupportedFormatError, match="install onnxruntime to run it"):
            loaded(GENERAL)
        return
    predicted = array(GENERAL, "predicted")
    assert loaded(GENERAL).model.predict(array(GENERAL, "rows"))[:, 0] == pytest.approx(predicted.ravel(), abs=1e-5)


@having("by_tree")
def test_attributions_against_a_background_are_those_of_shap(name: str) -> None:
    background = Background.of(array(name, "background"))

    found = Explainer.of(loaded(name).model, background, rows=8).explain(array(name, "rows"))

    assert found.values == pytest.approx(array(name, "by_tree"), abs=2e-6)


@having("by_cover")
def test_attributions_by_the_training_rows_are_the_librarys(name: str) -> None:
    model = loaded(name).model
    assert isinstance(model, TreeEnsemble)

    found = explain_by_cover(model, array(name, "rows"))

    assert found.values == pytest.approx(array(name, "by_cover"), abs=2e-6)
    assert found.values.sum(axis=2) + found.expected == pytest.approx(model.raw(array(name, "rows")), abs=1e-9)


@having("by_kernel")
def test_attributions_of_probabilities_are_those_of_kernel_shap(name: str) -> None:
    background = Background.of(array(name, "background"))

    found = Explainer.of(loaded(name).model, background, rows=8, use_logit=False).explain(array(name, "rows"))

    assert found.values == pytest.approx(array(name, "by_kernel"), abs=1e-6)
