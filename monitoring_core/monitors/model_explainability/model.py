"""Which model is explained, against what: from a specification and a model file to a monitor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from monitoring_core.dataset.batch import Batch
from monitoring_core.dataset.types import column_from_texts
from monitoring_core.errors import BaselineError, ConfigError
from monitoring_core.explain.artifact import load_model
from monitoring_core.explain.background import Background
from monitoring_core.explain.encode import encode
from monitoring_core.explain.explainer import Explainer
from monitoring_core.explain.loaded import LoadedModel
from monitoring_core.explain.model import Floats, Model
from monitoring_core.monitors.model_explainability.monitor import FeatureAttribution
from monitoring_core.spec.model_explainability import ModelExplainabilitySpec


def loaded_model(spec: ModelExplainabilitySpec, model_file: bytes | None, model: Model | None) -> LoadedModel:
    """Return the model that is given in one of the two ways.

    Raises
    ------
    BaselineError
        If neither is.
    """
    if model is not None:
        return LoadedModel(model)
    if model_file is None:
        raise BaselineError(
            f"{spec.name} has no model to explain; make the baseline with model_file (XGBoost JSON, LightGBM text, "
            "ONNX or linear JSON), or ask an endpoint"
        )
    return load_model(model_file, spec.model_file or "the model file")


def records(spec: ModelExplainabilitySpec, features: Sequence[str], loaded: LoadedModel) -> Background | None:
    """Return the SHAP baseline that the specification gives.

    Raises
    ------
    ConfigError
        If a record has not one value per feature.
    """
    if not spec.baseline:
        return None
    wrong = next((record for record in spec.baseline if len(record) != len(features)), None)
    if wrong is not None:
        raise ConfigError(
            f"a record of the SHAP baseline has {len(wrong)} values, the model has the {len(features)} features "
            f"{', '.join(features)}; give one value for each, in this order"
        )
    columns = (column_from_texts([_text(value) for value in values]) for values in zip(*spec.baseline, strict=True))
    return Background.of(encode(Batch(dict(zip(features, columns, strict=True))), features, loaded.levels))


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """A monitor that can explain, with what it explains against."""

    monitor: FeatureAttribution
    explainer: Explainer
    expected: Floats


def explained(
    spec: ModelExplainabilitySpec,
    loaded: LoadedModel,
    features: Sequence[str],
    background: Background,
    *,
    rows: int,
    compat: bool = False,
) -> Explained:
    """Make the monitor of a model.

    Parameters
    ----------
    rows : int
        How many rows it will explain; the budget is for all of them.
    compat : bool
        Explain the model's output unless log-odds are asked for, and decide on any number of rows, as Clarify.

    Raises
    ------
    ConfigError
        If the budget is too small, or `label_headers` are not as many as the model's outputs.
    """
    explainer = Explainer.of(
        loaded.model,
        background,
        rows=rows,
        use_logit=bool(spec.use_logit) if compat else spec.use_logit,
        num_samples=spec.num_samples,
        seed=spec.seed,
        max_model_rows=spec.max_model_rows,
    )
    expected = explainer.explain(explainer.background.rows[:1]).expected
    monitor = FeatureAttribution(
        explainer,
        tuple(features),
        labels(spec, expected.size),
        loaded.levels,
        spec.agg_method,
        spec.ndcg_threshold,
        1 if compat else spec.min_rows,
        spec.name,
    )
    return Explained(monitor, explainer, expected)


def labels(spec: ModelExplainabilitySpec, outputs: int) -> tuple[str, ...]:
    """Return the names of the model's outputs."""
    if not spec.label_headers:
        return tuple(f"label{output}" for output in range(outputs))
    if len(spec.label_headers) != outputs:
        raise ConfigError(
            f"label_headers names {len(spec.label_headers)} outputs, the model has {outputs}; name each, or none"
        )
    return spec.label_headers
