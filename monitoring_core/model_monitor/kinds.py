"""One function for the four kinds of Model Monitor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import singledispatch
from typing import Final

from monitoring_core.checks.evaluation import Evaluation
from monitoring_core.errors import ConfigError
from monitoring_core.spec import (
    DataQualitySpec,
    ModelBiasSpec,
    ModelExplainabilitySpec,
    ModelQualitySpec,
    MonitorSpec,
)

_VIOLATIONS: Final = ("constraint_violations.json", "constraints_violations.json")
"""The real name, and the one in Amazon's documentation (contract 3.5)."""


@dataclass(frozen=True, slots=True)
class AmazonReport:
    """The files of one execution, and those of the baseline it was held against, by name."""

    files: Mapping[str, bytes]
    baseline: Mapping[str, bytes]

    @property
    def violations(self) -> bytes:
        """The violations file; empty where there is none, which says the same as an empty list."""
        return next((self.files[name] for name in _VIOLATIONS if name in self.files), b"")


@singledispatch
def read_evaluation(spec: MonitorSpec, report: AmazonReport) -> Evaluation:  # noqa: ARG001 - for the functions of each kind
    """Read the verdict of Amazon's analyzer of a kind from its files.

    Raises
    ------
    DataError
        If a file is missing or something else.
    BaselineError
        If the baseline's files cannot be read.
    ConfigError
        If Model Monitor has no monitor of the kind.
    """
    raise ConfigError(
        f"Model Monitor has no {spec.kind} monitor; it has data-quality, model-quality, model-bias and "
        "model-explainability; use `runtime: function` for this one"
    )


@read_evaluation.register
def _(spec: DataQualitySpec, report: AmazonReport) -> Evaluation:
    from monitoring_core.model_monitor import data_quality

    return data_quality.read(spec, report.files, report.violations, report.baseline)


@read_evaluation.register
def _(spec: ModelQualitySpec, report: AmazonReport) -> Evaluation:
    from monitoring_core.model_monitor import model_quality

    return model_quality.read(spec, report.files, report.violations, report.baseline)


@read_evaluation.register
def _(spec: ModelBiasSpec, report: AmazonReport) -> Evaluation:
    from monitoring_core.model_monitor import model_bias

    return model_bias.read(spec, report.files, report.violations, report.baseline)


@read_evaluation.register
def _(spec: ModelExplainabilitySpec, report: AmazonReport) -> Evaluation:
    from monitoring_core.model_monitor import model_explainability

    return model_explainability.read(spec, report.files, report.violations, report.baseline)
