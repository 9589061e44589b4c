"""Serve the flights model: the four functions of SageMaker's script mode.

Request: headless CSV, one flight a line, columns in the order of ``encoding.json``; an empty field is a missing value.
Answer: one probability of being late a line.
"""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xgboost as xgb


@dataclass(frozen=True)
class Model:
    """The booster and how a row is turned into numbers for it."""

    booster: xgb.Booster
    features: list[str]
    feature_types: list[str]
    codes: dict[str, dict[str, int]]

    def numbers(self, feature: str, texts: tuple[str, ...]) -> list[float]:
        """One column as numbers; nan where missing, or where the category was never seen in training."""
        if feature in self.codes:
            codes = self.codes[feature]
            return [codes.get(text, math.nan) for text in texts]
        return [float(text) if text else math.nan for text in texts]


def model_fn(model_dir: str) -> Model:
    """Load the model from its folder."""
    folder = Path(model_dir)
    encoding = json.loads((folder / "encoding.json").read_text())
    codes = {name: {value: i for i, value in enumerate(values)} for name, values in encoding["categories"].items()}
    booster = xgb.Booster(model_file=str(folder / "model.json"))
    return Model(booster, encoding["features"], encoding["feature_types"], codes)


def input_fn(body: str | bytes, content_type: str) -> list[list[str]]:
    """Parse the request."""
    if content_type.partition(";")[0].strip() != "text/csv":
        raise ValueError(f"content type {content_type!r} is not supported; send text/csv")
    text = body.decode() if isinstance(body, bytes) else body
    return [row for row in csv.reader(io.StringIO(text)) if row]


def predict_fn(rows: list[list[str]], model: Model) -> np.ndarray:
    """Probability of being late for every row."""
    wrong = next((row for row in rows if len(row) != len(model.features)), None)
    if wrong is not None:
        raise ValueError(f"a row has {len(wrong)} fields; expected {len(model.features)}: {', '.join(model.features)}")
    columns = zip(*rows, strict=True) if rows else [()] * len(model.features)
    values = [model.numbers(name, texts) for name, texts in zip(model.features, columns, strict=True)]
    matrix = xgb.DMatrix(
        np.asarray(values, dtype=float).T,
        feature_names=model.features,
        feature_types=model.feature_types,
        enable_categorical=True,
    )
    return model.booster.predict(matrix)


def output_fn(probabilities: np.ndarray, accept: str) -> tuple[str, str]:  # noqa: ARG001 - CSV is the only answer
    """One probability a line."""
    return "\n".join(f"{p:.6f}" for p in probabilities), "text/csv"
