"""Shapley values of models: exact for trees and linear models, KernelSHAP for anything that gives scores.

::

    loaded = load_model(Path("model.json").read_bytes())           # XGBoost, LightGBM, ONNX, linear JSON
    rows = encode(batch, loaded.model.features, loaded.levels)
    explainer = Explainer.of(loaded.model, Background.of(reference), rows=len(rows), use_logit=True)
    explanation = explainer.explain(rows)
    explanation.values.shape                                       # rows, outputs, features
    explanation.expected                                           # mean score of the background

A model behind an endpoint is ``CallableModel(predict)``.
"""

from monitoring_core.explain.artifact import load_model
from monitoring_core.explain.background import Background
from monitoring_core.explain.encode import encode
from monitoring_core.explain.explainer import MAX_MODEL_ROWS, Explainer
from monitoring_core.explain.explanation import Explanation
from monitoring_core.explain.linear import LinearModel
from monitoring_core.explain.loaded import LoadedModel
from monitoring_core.explain.model import CallableModel, Link, Model, logit
from monitoring_core.explain.tree_shap import explain_by_cover
from monitoring_core.explain.trees import TreeEnsemble

__all__ = [
    "MAX_MODEL_ROWS",
    "Background",
    "CallableModel",
    "Explainer",
    "Explanation",
    "LinearModel",
    "Link",
    "LoadedModel",
    "Model",
    "TreeEnsemble",
    "encode",
    "explain_by_cover",
    "load_model",
    "logit",
]
