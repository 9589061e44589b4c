"""Model explainability: which model is explained against what, and how a change of the attributions is decided."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, FiniteFloat

from monitoring_core.spec.base import Frozen, SchemaSpec


class ModelExplainabilitySpec(Frozen):
    """Feature attributions of the model (Shapley values), and whether their order is still the baseline's."""

    kind: Literal["model-explainability"] = "model-explainability"
    name: str = "model-explainability"
    columns: SchemaSpec = SchemaSpec()
    """`features` in the order of the model's input; empty: those that the model file names."""
    model_file: str | None = None
    """Where the model file is: XGBoost as JSON or UBJSON, LightGBM as text, ONNX, or a linear model as JSON. It is kept
    with the baseline. Nothing: the model is asked through its endpoint."""
    baseline: tuple[tuple[FiniteFloat | str | None, ...], ...] = ()
    """SHAP baseline: records of feature values that stand for "absent". Empty: a summary of the baseline data."""
    background_records: Annotated[int, Field(ge=1)] = 20
    """Records that the baseline data is summarised to."""
    use_logit: bool | None = None
    """true explains log-odds, false the model's output, as AWS by default. null: the raw score of a model file (for a
    logistic model its log-odds), where trees and linear models are explained exactly, else the output."""
    agg_method: Literal["mean_abs", "median", "mean_sq"] = "mean_abs"
    """How local attributions become global ones: mean of the absolute values, median, or mean of the squares."""
    num_samples: Annotated[int, Field(ge=1)] | None = None
    """Coalitions that KernelSHAP asks about per row; null: 2 per feature and 2,048 more, as AWS."""
    seed: int = 0
    """Chooses those coalitions."""
    label_headers: tuple[str, ...] = ()
    """Names of the model's outputs; default ``label0``, ``label1`` ..."""
    ndcg_threshold: Annotated[FiniteFloat, Field(gt=0, le=1)] = 0.9
    """A lower NDCG is drift."""
    min_rows: Annotated[int, Field(ge=1)] = 100
    """Nothing is decided on fewer rows."""
    max_rows: Annotated[int, Field(ge=1)] | None = 2000
    """Rows explained of a window, chosen by their content; null: all."""
    max_model_rows: Annotated[int, Field(ge=1)] = 10_000_000
    """Rows that a model without an exact method may be asked about for one window. Where it is too low for
    `num_samples`, the SHAP baseline is summarised, then fewer coalitions are taken."""
    segments: tuple[str, ...] = ()
    """Columns whose values slice the rows: each slice is judged by itself, too."""
