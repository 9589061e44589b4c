"""An evaluation as JSON and back."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationError

from monitoring_core.checks.evaluation import Evaluation
from monitoring_core.errors import DataError


class _EvaluationFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    version: int = 1
    evaluation: Evaluation


def dump_evaluation(evaluation: Evaluation) -> bytes:
    """Write ``evaluation.json``; ``nan`` and infinities are words, so nothing turns into null.

    Examples
    --------
    >>> load_evaluation(dump_evaluation(Evaluation("data-quality", 3))) == Evaluation("data-quality", 3)
    True
    """
    return _EvaluationFile(evaluation=evaluation).model_dump_json(indent=2).encode() + b"\n"


def load_evaluation(data: bytes) -> Evaluation:
    """Read what `dump_evaluation` wrote.

    Raises
    ------
    DataError
        If the file is something else.
    """
    try:
        return _EvaluationFile.model_validate_json(data).evaluation
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the top level"
        raise DataError(f"evaluation.json cannot be read: at {where}: {first['msg']}; run the window again") from None
