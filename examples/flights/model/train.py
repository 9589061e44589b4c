"""Train the flights model: a SageMaker training job in script mode.

Reads every CSV (with a header) of the channel ``train``, with the weights of its rows if it has the column
``sample_weight`` (`reweighing` of the configuration); writes to the model folder ``model.json`` (XGBoost's own JSON,
no pickle), ``encoding.json`` (the categories, in training order) and ``code/inference.py`` (how to serve it).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from pathlib import Path

import pandas as pd
import xgboost as xgb

LABEL = "late"
WEIGHT = "sample_weight"
CATEGORICAL = ("carrier", "origin")
NUMERICAL = ("sched_hour", "distance", "temp", "dewp", "humid", "wind_speed", "precip", "visib")


def encode(table: pd.DataFrame) -> tuple[xgb.DMatrix, dict[str, object]]:
    """Turn the table into a matrix, and say how, so that serving does exactly the same."""
    categories = {name: sorted(table[name].dropna().unique()) for name in CATEGORICAL}
    coded = {name: pd.Categorical(table[name], categories=values) for name, values in categories.items()}
    values = table[[*CATEGORICAL, *NUMERICAL]].assign(**coded)
    encoding: dict[str, object] = {
        "features": [*CATEGORICAL, *NUMERICAL],
        "categories": categories,
        "feature_types": ["c"] * len(CATEGORICAL) + ["q"] * len(NUMERICAL),
    }
    # From a data frame, so that the model file itself says which category each code stands for.
    weights = table.get(WEIGHT)
    return xgb.DMatrix(values, label=table[LABEL], weight=weights, enable_categorical=True), encoding


def main() -> None:
    """Train on the channel ``train`` and save everything serving needs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--max_depth", type=int, default=4)
    parser.add_argument("--eta", type=float, default=0.1)
    parser.add_argument("--train", type=Path, default=os.environ.get("SM_CHANNEL_TRAIN", "/opt/ml/input/data/train"))
    parser.add_argument("--model-dir", type=Path, default=os.environ.get("SM_MODEL_DIR", "/opt/ml/model"))
    options, _ = parser.parse_known_args()

    files = sorted(Path(options.train).glob("*.csv"))
    if not files:
        raise FileNotFoundError(f"no *.csv in {options.train}")
    matrix, encoding = encode(pd.concat([pd.read_csv(file) for file in files], ignore_index=True))
    parameters = {
        "objective": "binary:logistic",
        "tree_method": "hist",
        "max_depth": options.max_depth,
        "eta": options.eta,
        "subsample": 0.8,
        "min_child_weight": 20,
        "seed": 0,
    }
    booster = xgb.train(parameters, matrix, num_boost_round=options.rounds)

    code = Path(options.model_dir) / "code"
    code.mkdir(parents=True, exist_ok=True)
    booster.save_model(code.parent / "model.json")
    (code.parent / "encoding.json").write_text(json.dumps(encoding, indent=1))
    shutil.copy(Path(__file__).with_name("inference.py"), code)
    sys.stdout.write(f"rows={matrix.num_row()} files={len(files)}\n")


if __name__ == "__main__":
    main()
