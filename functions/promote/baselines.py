"""Binds the baselines of an endpoint to the model that has come into service."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from functions.common.clients import client
from functions.common.packaged import sources_of
from functions.promote.service import Package
from functions.promote.settings import PromoteSettings
from monitoring_core.errors import BaselineError

_IMPORTED: Final = {"data-quality": "ModelDataQuality"}
"""Kinds whose baseline can be files of a package, by their name in ``DriftCheckBaselines``."""


def rebind(settings: PromoteSettings, identity: str, dataset: str, package: Package | None, at: datetime) -> bool:
    """Let the baseline function make each monitor's baseline for a model, and put it in force; return whether all are.

    Those that jobs make are pending: ask again.

    What the retraining pipeline made for the package wins, then statistics and constraints of the package, then the
    data that the model was trained on; a package with none of them keeps the reference data of the configuration.

    Raises
    ------
    BaselineError
        If one cannot be made; those before it are in force.
    """
    done = []
    for monitor, kind in settings.baselines.items():
        about = {"Endpoint": settings.endpoint, "Monitor": monitor, "Bucket": settings.bucket, "Model": identity}
        done.append(_make(settings.baseline_function, {**about, **source_of(kind, dataset, package)}, at))
    return all(done)


def source_of(kind: str, dataset: str, package: Package | None) -> dict[str, str]:
    """Return what a monitor's baseline is made of; nothing where the package names nothing."""
    if package and package.baselines:
        return sources_of(kind, dataset, package.baselines)
    checks = package.drift_checks.get(_IMPORTED.get(kind, ""), {}) if package else {}
    if {"Statistics", "Constraints"} <= checks.keys():
        return {name: checks[name]["S3Uri"] for name in ("Statistics", "Constraints")}
    return {"Dataset": dataset} if dataset else {}


def _make(function: str, properties: Mapping[str, str], at: datetime) -> bool:
    """Return whether the baseline is in force; else a job makes it."""
    order = json.dumps({"Rebind": properties, "At": at.isoformat()}).encode()
    answer: dict[str, Any] = client("lambda").invoke(FunctionName=function, Payload=order)
    said = answer["Payload"].read().decode()
    if "FunctionError" in answer:
        reason = json.loads(said).get("errorMessage", said)
        raise BaselineError(
            f"no baseline of {properties['Monitor']} for {properties['Model']}: {reason}; the endpoint serves the new "
            "model, its monitors still compare with the reference before; correct it, the next check tries again"
        )
    return "Pending" not in json.loads(said)
