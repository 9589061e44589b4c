"""What to analyse, from what the container is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from pydantic import ValidationError

from functions.analyzer.data_format import MergeFormat
from functions.analyzer.settings import AnalysisType, Settings
from monitoring_core.errors import ConfigError
from monitoring_core.spec import DataQualitySpec, DistributionConstraints, ModelQualitySpec, MonitorSpec


def specification(settings: Settings) -> MonitorSpec:
    """Return the specification of the analysis that the settings ask for.

    Raises
    ------
    ConfigError
        If they do not say where predictions and labels are.
    """
    return _SPECIFICATIONS[settings.analysis_type](settings)


def _data_quality(settings: Settings) -> DataQualitySpec:
    method = settings.categorical_drift_method
    return DataQualitySpec(distribution=DistributionConstraints(categorical_drift_method=method))


def _model_quality(settings: Settings) -> ModelQualitySpec:
    given = {
        "problem_type": settings.problem_type,
        "inference_attribute": settings.inference_attribute,
        "probability_attribute": settings.probability_attribute,
        "probability_threshold": settings.probability_threshold_attribute,
        "positive_label": settings.positive_label,
    }
    scripted = settings.record_preprocessor_script is not None  # what it makes of a record may hold the label
    if scripted or not isinstance(settings.dataset_format, MergeFormat):  # else it has a place of its own
        given["ground_truth_attribute"] = settings.ground_truth_attribute
    try:
        return ModelQualitySpec.model_validate({name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}".strip(": ") for item in error.errors())
        raise ConfigError(
            f"environment variables are wrong: {wrong}; a MODEL_QUALITY analysis needs problem_type "
            "(BinaryClassification, MulticlassClassification or Regression), inference_attribute or "
            "probability_attribute, and ground_truth_attribute"
        ) from error


_SPECIFICATIONS: Final[Mapping[AnalysisType, Callable[[Settings], MonitorSpec]]] = {
    AnalysisType.DATA_QUALITY: _data_quality,
    AnalysisType.MODEL_QUALITY: _model_quality,
}
