"""``methods.shap`` and ``predictor`` of ``analysis_config.json``."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import jmespath
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from functions.analyzer.clarify.config import AnalysisConfig, describe
from monitoring_core.errors import ConfigError

Record = tuple[FiniteFloat | str | None, ...]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class ShapConfig(_Section):
    """``methods.shap``."""

    baseline: Any = None
    """Records of the features that stand for "absent": rows, JSON as the model's requests, or the path of a file."""
    num_samples: Annotated[int, Field(ge=1)] | None = None
    agg_method: Literal["mean_abs", "median", "mean_sq"] = "mean_abs"
    use_logit: bool = False
    save_local_shap_values: bool = False
    seed: int | None = None
    num_clusters: Annotated[int, Field(ge=1)] | None = None
    """Without `baseline`: records that the data set is summarised to."""
    drift_threshold: Annotated[FiniteFloat, Field(gt=0, le=1)] = 0.9
    """An addition of ours: the NDCG below which a monitoring run violates."""


class PredictorConfig(_Section):
    """``predictor``; with `model_file` nothing is deployed, and what describes a deployment is not needed."""

    model_file: str | None = None
    """An addition of ours: the model's file, relative to ``/opt/ml/processing/input/model``."""
    label_headers: tuple[str, ...] = ()
    model_name: str | None = None
    endpoint_name: str | None = None
    endpoint_name_prefix: str | None = None
    instance_type: str | None = None
    initial_instance_count: int | None = None
    accelerator_type: str | None = None
    accept_type: str | None = None
    content_type: str | None = None
    content_template: str | None = None
    record_template: str | None = None
    custom_attributes: str | None = None
    target_model: str | None = None
    label: str | int | None = None
    probability: str | int | None = None


S = TypeVar("S", bound=_Section)


def shap_config(config: AnalysisConfig) -> ShapConfig:
    """Return ``methods.shap``.

    Raises
    ------
    ConfigError
        If a key is wrong or not supported; text and images are not.
    """
    return _parsed(ShapConfig, "methods.shap", config.methods.shap or {})


def predictor_config(config: AnalysisConfig) -> PredictorConfig:
    """Return ``predictor``.

    Raises
    ------
    ConfigError
        If a key is wrong.
    """
    return _parsed(PredictorConfig, "predictor", config.predictor or {})


def _parsed(model: type[S], where: str, given: Mapping[str, Any]) -> S:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise ConfigError(f"the analysis configuration is wrong: {describe(error, where)}") from error


def baseline_records(shap: ShapConfig, config: AnalysisConfig, features: Sequence[str]) -> tuple[Record, ...]:
    """Return the SHAP baseline as records of the features in the data set's order.

    It may be rows, objects by feature name, or JSON as the model's requests, in which the expression `features` finds
    the values; or the path of a file with any of these, or with CSV.

    Raises
    ------
    ConfigError
        If it is none of them, or the file cannot be read.
    """
    given = _from_file(shap.baseline, features) if isinstance(shap.baseline, str) else shap.baseline
    if given is None:
        return ()
    if isinstance(given, dict):
        given = jmespath.search(config.features, given) if config.features else [given]
    if not isinstance(given, list) or not given:
        raise ConfigError(f"methods.shap.baseline: expected a list of records, got {_short(shap.baseline)}")
    rows = given if isinstance(given[0], list | dict) else [given]
    return tuple(_record(row, config, features) for row in rows)


def _record(row: Any, config: AnalysisConfig, features: Sequence[str]) -> Record:
    if isinstance(row, dict) and set(features) <= row.keys():
        row = [row[feature] for feature in features]
    elif isinstance(row, dict):
        row = jmespath.search(config.features, row) if config.features else None
    simple = isinstance(row, list) and all(value is None or isinstance(value, int | float | str) for value in row)
    if not simple or len(row) != len(features):
        raise ConfigError(
            f"methods.shap.baseline: a record must have one value for each of the {len(features)} features "
            f"{', '.join(features)}, got {_short(row)}"
        )
    return tuple(row)


def _from_file(path: str, features: Sequence[str]) -> Any:
    try:
        return _rows(Path(path).read_text(encoding="utf-8-sig"), features)
    except (OSError, ValueError, RecursionError, csv.Error) as error:
        raise ConfigError(
            f"methods.shap.baseline: cannot read {path}: {error}; give the records themselves, or the path of a file "
            "that is mounted in the container"
        ) from error


def _rows(text: str, features: Sequence[str]) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        pass
    lines = [line for line in text.splitlines() if line.strip()]
    if lines and lines[0].lstrip().startswith(("{", "[")):
        return [json.loads(line) for line in lines]
    rows = list(csv.reader(lines))
    return rows[1:] if rows and set(rows[0]) == set(features) else rows


def _short(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 200 else f"{text[:200]}..."  # noqa: PLR2004 - enough to recognise it
