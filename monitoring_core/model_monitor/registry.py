"""Baselines as the model registry keeps them with a model package: ``DriftCheckBaselines``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_QUALITY: Final = {"Statistics": "statistics.json", "Constraints": "constraints.json"}
_PLACES: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "data-quality": ("ModelDataQuality", _QUALITY),
    "model-quality": ("ModelQuality", _QUALITY),
    "model-bias": (
        "Bias",
        {
            "PreTrainingConstraints": "analysis.json",
            "PostTrainingConstraints": "analysis.json",
            "ConfigFile": "analysis_config.json",
        },
    ),
    "model-explainability": (
        "Explainability",
        {"Constraints": "analysis.json", "ConfigFile": "analysis_config.json"},
    ),
}


def drift_check_baselines(baselines: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Return ``DriftCheckBaselines`` of ``CreateModelPackage``.

    Parameters
    ----------
    baselines : mapping of kind to mapping of file name to URI
        Files of each monitor's baseline; kinds that the registry has no place for are left out.

    Examples
    --------
    >>> drift_check_baselines({"model-bias": {"analysis.json": "s3://b/analysis.json"}, "text": {}})["Bias"]
    {'PreTrainingConstraints': {'ContentType': 'application/json', 'S3Uri': 's3://b/analysis.json'}, \
'PostTrainingConstraints': {'ContentType': 'application/json', 'S3Uri': 's3://b/analysis.json'}}
    """
    found: dict[str, Any] = {}
    for kind, files in baselines.items():
        section, places = _PLACES.get(kind, ("", {}))
        sources = {
            place: {"ContentType": "application/json", "S3Uri": files[name]}
            for place, name in places.items()
            if name in files
        }
        if sources:
            found[section] = sources
    return found
