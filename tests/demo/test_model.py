"""The example's training and serving scripts, by the convention of SageMaker's script mode."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
import xgboost as xgb

from examples.flights.cloud import SCRIPTS
from examples.flights.data import FEATURES, LABEL, as_csv, between
from functions.pipeline_steps.score import scores


@pytest.fixture(scope="module")
def model(flights: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("training")
    (root / "train").mkdir()
    january = between(flights, datetime(2013, 1, 1, tzinfo=UTC), datetime(2013, 2, 1, tzinfo=UTC))
    for name, part in (("a", january[::2]), ("b", january[1::2])):
        (root / "train" / f"{name}.csv").write_text(as_csv(part[[*FEATURES, LABEL]], header=True))
    environment = os.environ | {"SM_CHANNEL_TRAIN": str(root / "train"), "SM_MODEL_DIR": str(root / "model")}
    command = [sys.executable, str(SCRIPTS / "train.py"), "--rounds", "20"]
    subprocess.run(command, env=environment, check=True)  # noqa: S603 - our own script
    return root / "model"


def test_the_archive_holds_what_serving_needs_and_no_pickle(model: Path) -> None:
    files = sorted(path.relative_to(model).as_posix() for path in model.rglob("*") if path.is_file())
    assert files == ["code/inference.py", "encoding.json", "model.json"]
    assert json.loads((model / "encoding.json").read_text())["features"] == list(FEATURES)


def test_serving_by_codes_answers_as_the_model_that_knows_its_categories(model: Path, flights: pd.DataFrame) -> None:
    january = between(flights, datetime(2013, 1, 1, tzinfo=UTC), datetime(2013, 1, 4, tzinfo=UTC))[list(FEATURES)]
    categories = json.loads((model / "encoding.json").read_text())["categories"]
    coded = {name: pd.Categorical(january[name], categories=values) for name, values in categories.items()}
    booster = xgb.Booster(model_file=str(model / "model.json"))
    direct = booster.predict(xgb.DMatrix(january.assign(**coded), enable_categorical=True))
    served = [float(score) for score in scores(model, as_csv(january).splitlines())]
    assert served == pytest.approx(direct, abs=1e-6)


def test_one_probability_a_row_also_for_missing_and_unknown_values(model: Path) -> None:
    rows = ["UA,EWR,5,1400,39.02,28.04,64.43,12.66,0.0,10.0", "ZZ,EWR,5,1400,,,,,,", ",,,,,,,,,"]
    answers = [float(score) for score in scores(model, rows)]
    assert len(answers) == 3
    assert all(0 < answer < 1 for answer in answers)


def test_a_row_of_another_width_is_refused_by_name(model: Path) -> None:
    with pytest.raises(ValueError, match="a row has 2 fields; expected 10: carrier, origin"):
        list(scores(model, ["UA,EWR"]))
