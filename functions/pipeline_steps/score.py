"""Score rows with one model through its own ``inference.py``: a process of its own per model.

``python score.py MODEL_FOLDER ROWS.csv`` prints one score a line: the first value of each row of the model's answer.
Runs in the framework's image, so it needs nothing but the standard library and what the model itself needs.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

CONTENT_TYPE = "text/csv"
ROWS_PER_REQUEST = 5000
NEEDED = ("model_fn", "input_fn", "predict_fn", "output_fn")


def load_inference(model_folder: Path) -> ModuleType:
    """Import the model's ``code/inference.py``, the convention of SageMaker's script mode.

    Raises
    ------
    FileNotFoundError
        If the artifact has no ``code/inference.py``.
    AttributeError
        If one of the four functions is missing.
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
    if missing := [name for name in NEEDED if not hasattr(module, name)]:
        raise AttributeError(f"code/inference.py lacks {', '.join(missing)}; comparing needs {', '.join(NEEDED)}")
    return module


def scores(model_folder: Path, rows: list[str]) -> Iterator[str]:
    """Yield the first value of the answer to each row, in order.

    Raises
    ------
    ValueError
        If the model answers with another number of rows.
    """
    inference = load_inference(model_folder)
    model = inference.model_fn(str(model_folder))
    for start in range(0, len(rows), ROWS_PER_REQUEST):
        part = rows[start : start + ROWS_PER_REQUEST]
        prediction = inference.predict_fn(inference.input_fn("\n".join(part), CONTENT_TYPE), model)
        answer = inference.output_fn(prediction, CONTENT_TYPE)
        text = answer[0] if isinstance(answer, tuple) else answer
        lines = (text.decode() if isinstance(text, bytes) else text).split()
        if len(lines) != len(part):
            raise ValueError(f"the model in {model_folder.name} answered {len(lines)} rows to {len(part)}")
        yield from (line.split(",")[0] for line in lines)


def _listing(folder: Path) -> str:
    return ", ".join(sorted(path.name for path in folder.iterdir())) or "nothing"


if __name__ == "__main__":
    for score in scores(Path(sys.argv[1]), Path(sys.argv[2]).read_text().splitlines()):
        print(score)  # noqa: T201 - the answer
