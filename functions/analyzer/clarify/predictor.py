"""The model of a job: a file that is mounted, or an endpoint that exists. Nothing is deployed."""

from __future__ import annotations

from pathlib import Path

from functions.analyzer.clarify.explain_config import PredictorConfig
from functions.analyzer.clarify.settings import ClarifySettings
from monitoring_core.errors import ConfigError
from monitoring_core.explain import CallableModel, LoadedModel, load_model
from monitoring_core.explain.archive import find_model_file


def load_predictor(settings: ClarifySettings, predictor: PredictorConfig) -> LoadedModel:
    """Return the model that ``predictor`` describes; a file goes before an endpoint.

    Raises
    ------
    ConfigError
        If neither is there.
    UnsupportedFormatError
        If the file is no model that can be read.
    """
    if predictor.model_file is None and predictor.endpoint_name is not None:
        from functions.analyzer.clarify.endpoint import Endpoint  # noqa: PLC0415 - it brings boto3

        return LoadedModel(CallableModel(Endpoint(predictor)))
    path = model_path(settings, predictor)
    return load_model(find_model_file(path.read_bytes(), path.name), path.name)


def model_path(settings: ClarifySettings, predictor: PredictorConfig) -> Path:
    """Return where the model's file is.

    Raises
    ------
    ConfigError
        If none is named and there is not exactly one in the models' folder, or it does not exist.
    """
    folder = settings.model_source
    if predictor.model_file is not None:
        path = folder / predictor.model_file
        if not path.is_file():
            raise ConfigError(f"predictor.model_file: {path} does not exist; mount the model's file there")
        return path
    found = [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else [folder]
    if len(found) == 1 and found[0].is_file():
        return found[0]
    raise ConfigError(
        "The model's file is needed: no endpoint is deployed for predictor.model_name. Mount it (XGBoost JSON or "
        f"UBJSON, LightGBM text, ONNX, a linear model as JSON, or model.tar.gz with one) below {folder} and name it "
        "in predictor.model_file"
    )
