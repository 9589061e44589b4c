"""Score rows with one model through its own ``inference.py``: a process of its own per model.

``python score.py MODEL_FOLDER ROWS.csv ...`` prints the model's answers, a line for each row.
Runs in the framework's image, so it needs nothing but the standard library and what the model itself needs.

As in script mode, ``inference.py`` has to define ``model_fn(model_dir)`` only. Where it leaves out ``input_fn``,
``predict_fn`` or ``output_fn``, what the framework images do by default is done here, too.
"""

from __future__ import annotations

import importlib.util
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

CONTENT_TYPE = "text/csv"
ROWS_PER_REQUEST = 5000


def load_inference(model_folder: Path) -> ModuleType:
    """Import the model's ``code/inference.py``, the convention of SageMaker's script mode.

    Raises
    ------
    FileNotFoundError
        If the artifact has no ``code/inference.py``.
    AttributeError
        If it does not define ``model_fn``, for which there is no default.
    """
    script = model_folder / "code" / "inference.py"
    if not script.is_file():
        raise FileNotFoundError(f"the model archive has no code/inference.py; it has: {_listing(model_folder)}")
    sys.path.insert(0, str(script.parent))
    spec = importlib.util.spec_from_file_location("inference", script)
    assert spec is not None and spec.loader is not None  # noqa: S101, PT018 - the file exists
    module = importlib.util.module_from_spec(spec)
    sys.modules["inference"] = module
    spec.loader.exec_module(module)
    if not hasattr(module, "model_fn"):
        raise AttributeError("code/inference.py does not define model_fn(model_dir); comparing needs it")
    return module


def default_input_fn(body: str, content_type: str) -> Any:  # noqa: ARG001 - the convention's signature
    """Read CSV without a header into an array of numbers, one row a line; an empty field is nan."""
    import numpy as np  # noqa: PLC0415 - a model with an input_fn of its own may do without

    return np.genfromtxt(io.StringIO(body), delimiter=",").reshape(len(body.splitlines()), -1)


def default_predict_fn(data: Any, model: Any) -> Any:
    """Ask the model; a booster of XGBoost takes a matrix of its own kind, which its image makes of CSV."""
    if type(model).__module__.partition(".")[0] == "xgboost" and type(model).__name__ == "Booster":
        import xgboost  # noqa: PLC0415 - only where the model is one of it

        return model.predict(xgboost.DMatrix(data), validate_features=False)
    return model.predict(data)


def default_output_fn(prediction: Any, accept: str) -> str:  # noqa: ARG001 - the convention's signature
    """Write CSV, one line per row."""
    rows = prediction.tolist() if hasattr(prediction, "tolist") else prediction
    return "\n".join(",".join(map(str, row)) if isinstance(row, list | tuple) else str(row) for row in rows)


def scores(model_folder: Path, rows: list[str]) -> Iterator[str]:
    """Yield the answer to each row, in order; several values as in the answer, apart by commas.

    Raises
    ------
    ValueError
        If the model answers with another number of rows.
    """
    inference = load_inference(model_folder)
    input_fn = getattr(inference, "input_fn", default_input_fn)
    predict_fn = getattr(inference, "predict_fn", default_predict_fn)
    output_fn = getattr(inference, "output_fn", default_output_fn)
    model = inference.model_fn(str(model_folder))
    for start in range(0, len(rows), ROWS_PER_REQUEST):
        part = rows[start : start + ROWS_PER_REQUEST]
        answer = output_fn(predict_fn(input_fn("\n".join(part), CONTENT_TYPE), model), CONTENT_TYPE)
        text = answer[0] if isinstance(answer, tuple) else answer
        lines = _lines(text.decode() if isinstance(text, bytes) else text, len(part))
        if len(lines) != len(part):
            raise ValueError(f"the model in {model_folder.name} answered {len(lines)} rows to {len(part)}")
        yield from (line.strip() for line in lines)


def _lines(text: str, rows: int) -> list[str]:
    """Split an answer by rows: by lines, or where these are not as many, by whatever space there is."""
    lines = text.strip().splitlines()
    return lines if len(lines) == rows else text.split()


def _listing(folder: Path) -> str:
    return ", ".join(sorted(path.name for path in folder.iterdir())) or "nothing"


if __name__ == "__main__":
    for score in scores(
        Path(sys.argv[1]), [row for name in sys.argv[2:] for row in Path(name).read_text().splitlines()]
    ):
        print(score)  # noqa: T201 - the answer
