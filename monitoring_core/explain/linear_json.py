"""Linear models as JSON: weights, bias and what kind of score they make."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import numpy as np
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from monitoring_core.errors import UnsupportedFormatError
from monitoring_core.explain.linear import LinearModel
from monitoring_core.explain.loaded import LoadedModel
from monitoring_core.explain.model import Link, numbered

_LINKS: Final = {
    "logistic": Link.LOGISTIC,
    "linear": Link.IDENTITY,
    "softmax": Link.SOFTMAX,
    "exponential": Link.EXPONENTIAL,
}

Vector = list[float]


class LinearFile(BaseModel):
    """``{"kind": "logistic", "features": [...], "weights": [...], "bias": 0.1}``; other keys are left alone.

    scikit-learn's words (``coef``, ``coefficients``, ``intercept``) are understood, one list per output too.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    kind: Literal["logistic", "linear", "softmax", "exponential"]
    """`logistic` gives probabilities (each output for itself), `softmax` probabilities that sum to 1, `linear` the
    score itself and `exponential` its power of e."""
    weights: Annotated[
        Vector | list[Vector] | dict[str, float],
        Field(validation_alias=AliasChoices("weights", "coefficients", "coef", "coef_")),
    ]
    bias: Annotated[
        float | Vector, Field(validation_alias=AliasChoices("bias", "intercept", "intercepts", "intercept_"))
    ] = 0.0
    features: Annotated[tuple[str, ...], Field(validation_alias=AliasChoices("features", "feature_names"))] = ()
    levels: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Texts of the category codes 0, 1, 2 ... of a feature."""


def load_linear(document: Mapping[str, Any]) -> LoadedModel:
    """Read a linear model.

    Raises
    ------
    UnsupportedFormatError
        If a key is missing or sizes do not fit.

    Examples
    --------
    >>> loaded = load_linear({"kind": "logistic", "coefficients": {"age": 0.5, "hours": -1}, "intercept": 0.25})
    >>> loaded.model.features, loaded.model.predict(np.array([[1.5, 1.0]])).tolist()
    (('age', 'hours'), [[0.5]])
    """
    try:
        given = LinearFile.model_validate(document)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()[:3])
        raise UnsupportedFormatError(
            f'the linear model is wrong: {wrong}; expected {{"kind": "logistic", "features": [...], "weights": [...], '
            '"bias": number}'
        ) from None
    named = given.weights if isinstance(given.weights, dict) else {}
    features = given.features or tuple(named)
    if named and set(features) != named.keys():
        raise UnsupportedFormatError(
            f"weights are given for {list(named)}, features are {list(features)}; name the same"
        )
    weights = np.atleast_2d(np.array([named[feature] for feature in features] if named else given.weights))
    bias = np.atleast_1d(np.array(given.bias, dtype=np.float64))
    if bias.size != len(weights) or (features and weights.shape[1] != len(features)):
        raise UnsupportedFormatError(
            f"the linear model has {weights.shape[1]} weights for each of {len(weights)} outputs, {bias.size} biases "
            f"and {len(features)} features; give one weight per feature and one bias per output"
        )
    levels = {features.index(name): texts for name, texts in given.levels.items() if name in features}
    return LoadedModel(LinearModel(weights, bias, _LINKS[given.kind], features or numbered(weights.shape[1])), levels)
