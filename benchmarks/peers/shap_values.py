"""shap: writes the values that ``tests/golden/test_shap_values.py`` compares with.

Not timed. It runs in its own environment::

    uv venv build/peers/shap && uv pip sync --python build/peers/shap/bin/python benchmarks/peers/shap.txt
    build/peers/shap/bin/python -m benchmarks.peers.shap_values tests/golden/shap_values.json
"""

from __future__ import annotations

import json
import sys
from base64 import b64encode
from importlib.metadata import version
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import shap
import xgboost
from skl2onnx import to_onnx
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

FEATURES, ROWS, EXPLAINED, BACKGROUND = 5, 300, 8, 6
PACKAGES = ("shap", "lightgbm", "xgboost-cpu", "scikit-learn", "skl2onnx", "numpy")

random = np.random.default_rng(7)
DATA = random.normal(size=(ROWS, FEATURES)).astype(np.float32).astype(np.float64)
GAPS = np.where(random.random(DATA.shape) < 0.1, np.nan, DATA)  # noqa: PLR2004 - a tenth
CODES = np.column_stack([GAPS[:, :4], random.integers(0, 40, ROWS)])
SCORE = DATA[:, 0] + DATA[:, 1] * DATA[:, 2]
BINARY = (SCORE > 0).astype(int)
CLASSES = BINARY + (DATA[:, 3] > 0)


def case(model: bytes, rows: Any, predicted: Any, **explained: Any) -> dict[str, Any]:
    """Return one case in plain JSON."""
    plain = {key: _plain(value) for key, value in explained.items()}
    data, background = _plain(rows[:EXPLAINED]), _plain(rows[-BACKGROUND:])
    model_text = b64encode(model).decode()
    return {"model": model_text, "rows": data, "background": background, "predicted": _plain(predicted), **plain}


def by_tree(model: Any, rows: Any) -> Any:
    """Return interventional Shapley values of raw scores, shape (rows, outputs, features), of one output or all."""
    return _outputs(shap.TreeExplainer(model, rows[-BACKGROUND:]).shap_values(rows[:EXPLAINED], check_additivity=False))


def by_kernel(predict: Any, rows: Any) -> Any:
    """Return Shapley values of outputs; with so few features every coalition is asked about."""
    return _outputs(shap.KernelExplainer(predict, rows[-BACKGROUND:]).shap_values(rows[:EXPLAINED], silent=True))


def contributions(found: Any, outputs: int = 1) -> Any:
    """Return path-dependent Shapley values as the libraries give them, without the expected value."""
    return np.asarray(found).reshape(EXPLAINED, outputs, FEATURES + 1)[:, :, :-1]


def _outputs(values: Any) -> Any:
    values = np.asarray(values)
    return values[:, None, :] if values.ndim == 2 else np.moveaxis(values, 2, 1)  # noqa: PLR2004 - one output


def _plain(values: Any) -> Any:
    """Return nested lists; nan is null."""
    array = np.asarray(values, dtype=np.float64)
    plain = array.astype(object)
    plain[np.isnan(array)] = None
    return plain.tolist()


def boosted(objective: str, labels: Any, outputs: int = 1, **more: Any) -> dict[str, Any]:
    """XGBoost on data with gaps."""
    parameters = {"objective": objective, "max_depth": 4, **more}
    model = xgboost.train(parameters, xgboost.DMatrix(GAPS, labels), 3)
    rows = xgboost.DMatrix(GAPS[:EXPLAINED])
    return case(
        bytes(model.save_raw("json")),
        GAPS,
        model.predict(rows),
        by_cover=contributions(model.predict(rows, pred_contribs=True), outputs),
    )


def probabilities() -> dict[str, Any]:
    """XGBoost's probabilities, explained by asking about coalitions."""
    booster = xgboost.train({"objective": "binary:logistic", "max_depth": 3}, xgboost.DMatrix(DATA, BINARY), 4)

    def predict(rows: Any) -> Any:
        return booster.predict(xgboost.DMatrix(rows))

    return case(
        bytes(booster.save_raw("ubj")),
        DATA,
        predict(DATA[:EXPLAINED]),
        by_tree=by_tree(booster, DATA),
        by_kernel=by_kernel(predict, DATA),
    )


def leafwise(rows: Any, labels: Any, outputs: int = 1, **more: Any) -> dict[str, Any]:
    """LightGBM; shap knows neither its categories nor zeros as missing, and adds up the classes of a booster."""
    categorical = more.pop("categorical_feature", "auto")
    data = lightgbm.Dataset(rows, labels, categorical_feature=categorical)
    parameters = {"verbosity": -1, "num_leaves": 8, "min_data_in_leaf": 5, "min_data_per_group": 5, **more}
    model = lightgbm.train(parameters, data, 3)
    own = {"by_tree": by_tree(model, rows)} if more["objective"] == "binary" else {}
    return case(
        model.model_to_string().encode(),
        rows,
        model.predict(rows[:EXPLAINED]),
        by_cover=contributions(model.predict(rows[:EXPLAINED], pred_contrib=True), outputs),
        **own,
    )


def scikit(model: Any, labels: Any, *, explain: bool = True) -> dict[str, Any]:
    """scikit-learn by way of ONNX; of a binary classifier the second class alone."""
    model.fit(DATA, labels)
    options = {"zipmap": False} if hasattr(model, "predict_proba") else None
    found = (model.predict_proba if hasattr(model, "predict_proba") else model.predict)(DATA[:EXPLAINED])
    binary = found.ndim == 2 and found.shape[1] == 2  # noqa: PLR2004
    values = by_tree(model, DATA) if explain else None
    values = values[:, 1:] if values is not None and binary and values.shape[1] == 2 else values  # noqa: PLR2004
    onnx = to_onnx(model, DATA[:1].astype(np.float32), options=options).SerializeToString()
    return case(onnx, DATA, found[:, 1] if binary else found, **({} if values is None else {"by_tree": values}))


def main(path: str) -> None:
    """Write all cases and the versions they were made with."""
    cases = {
        "xgboost binary with gaps": boosted("binary:logistic", BINARY),
        "xgboost multiclass": boosted("multi:softprob", CLASSES, 3, num_class=3),
        "xgboost counts": boosted("count:poisson", np.abs(SCORE)),
        "xgboost dart": boosted("reg:squarederror", SCORE, booster="dart", rate_drop=0.3),
        "xgboost probability": probabilities(),
        "lightgbm binary with gaps": leafwise(GAPS, BINARY, objective="binary"),
        "lightgbm multiclass": leafwise(DATA, CLASSES, 3, objective="multiclass", num_class=3),
        "lightgbm zero as missing": leafwise(
            np.where(DATA > 1, 0.0, DATA), SCORE, objective="regression", zero_as_missing=True
        ),
        "lightgbm categories": leafwise(
            CODES, SCORE + CODES[:, 4] % 3, objective="regression", categorical_feature=[4]
        ),
        "onnx random forest": scikit(RandomForestClassifier(2, max_depth=9, random_state=0), BINARY),
        "onnx forest regression": scikit(RandomForestRegressor(2, max_depth=10, random_state=0), SCORE),
        "onnx boosting": scikit(GradientBoostingClassifier(n_estimators=4, random_state=0), BINARY),
        "onnx polynomial": scikit(make_pipeline(PolynomialFeatures(2), Ridge()), SCORE, explain=False),
        "onnx scaled logistic": scikit(make_pipeline(StandardScaler(), LogisticRegression()), CLASSES, explain=False),
    }
    versions = {package: version(package) for package in PACKAGES}
    Path(path).write_text(json.dumps({"versions": versions, "cases": cases}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
