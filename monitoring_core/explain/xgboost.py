"""XGBoost models, saved as JSON or UBJSON (``Booster.save_model("model.json")``); the old binary format is not read."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np

from monitoring_core.errors import UnsupportedFormatError
from monitoring_core.explain.forest import Tree, join_trees
from monitoring_core.explain.linear import LinearModel
from monitoring_core.explain.loaded import LoadedModel
from monitoring_core.explain.model import Floats, Link, numbered

_LINKS: Final = {
    "binary:logistic": Link.LOGISTIC,
    "reg:logistic": Link.LOGISTIC,
    "multi:softprob": Link.SOFTMAX,
    "multi:softmax": Link.SOFTMAX,
    "count:poisson": Link.EXPONENTIAL,
    "reg:gamma": Link.EXPONENTIAL,
    "reg:tweedie": Link.EXPONENTIAL,
    "survival:cox": Link.EXPONENTIAL,
    "survival:aft": Link.EXPONENTIAL,
    "binary:logitraw": Link.IDENTITY,
    "rank:pairwise": Link.IDENTITY,
    "rank:ndcg": Link.IDENTITY,
    "rank:map": Link.IDENTITY,
    "reg:squarederror": Link.IDENTITY,
    "reg:linear": Link.IDENTITY,
    "reg:squaredlogerror": Link.IDENTITY,
    "reg:pseudohubererror": Link.IDENTITY,
    "reg:absoluteerror": Link.IDENTITY,
    "reg:quantileerror": Link.IDENTITY,
}


def load_xgboost(document: Mapping[str, Any]) -> LoadedModel:
    """Read a model of any booster.

    ``best_iteration`` is honoured where early stopping left it, as XGBoost's scikit-learn interface and SageMaker's
    container do. A model that predicts classes (``multi:softmax``) gives the probabilities behind them.

    Parameters
    ----------
    document : mapping
        The decoded file.

    Raises
    ------
    UnsupportedFormatError
        If the objective or the booster is not known, or a tree has several values in a leaf.
    """
    learner = document["learner"]
    link = _link(learner)
    booster = learner["gradient_booster"]
    parameters = learner["learner_model_param"]
    outputs = max(1, int(parameters.get("num_class", 0)), int(parameters.get("num_target", 1)))
    base = _base(parameters["base_score"], learner["objective"]["name"], outputs)
    features = tuple(learner.get("feature_names") or numbered(int(parameters["num_feature"])))
    if booster["name"] == "gblinear":
        weights = np.array(booster["model"]["weights"], dtype=np.float64).reshape(-1, outputs)
        bias = weights[-1] + base[0]  # XGBoost adds the first base score to every output of this booster
        return LoadedModel(LinearModel(weights[:-1].T, bias, link, features))
    if booster["name"] not in {"gbtree", "dart"}:
        raise UnsupportedFormatError(f"unknown XGBoost booster {booster['name']!r}; known: gbtree, dart, gblinear")
    model = booster["gbtree"]["model"] if booster["name"] == "dart" else booster["model"]
    drops = booster.get("weight_drop") or [1.0] * len(model["trees"])
    trees = [
        _tree(tree, output, outputs, scale)
        for tree, output, scale in zip(model["trees"], model["tree_info"], drops, strict=True)
    ]
    kept = trees[: _tree_limit(learner, model, outputs)]
    ensemble = join_trees(kept, base, link=link, features=features, single_precision=True)
    return LoadedModel(ensemble, _levels(model.get("cats") or {}))


def _link(learner: Mapping[str, Any]) -> Link:
    objective = learner["objective"]["name"]
    if objective not in _LINKS:
        raise UnsupportedFormatError(f"unknown XGBoost objective {objective!r}; known: {', '.join(_LINKS)}")
    return _LINKS[objective]


def _base(text: str, objective: str, outputs: int) -> Floats:
    """Return the raw score of no tree: ``base_score`` is written in the units of the output."""
    scores = json.loads(text)
    score = np.array(scores if isinstance(scores, list) else [scores], dtype=np.float32).astype(np.float64)
    if _LINKS[objective] is Link.LOGISTIC:
        score = np.log(score / (1 - score))
    elif _LINKS[objective] is Link.EXPONENTIAL:
        score = np.log(score)
    return np.broadcast_to(score, (outputs,)).copy()


def _tree_limit(learner: Mapping[str, Any], model: Mapping[str, Any], outputs: int) -> int:
    best = (learner.get("attributes") or {}).get("best_iteration")
    parallel = max(1, int(model["gbtree_model_param"].get("num_parallel_tree", 1)))
    return len(model["trees"]) if best is None else (int(best) + 1) * parallel * outputs


def _tree(tree: Mapping[str, Any], output: int, outputs: int, scale: float) -> Tree:
    if int(tree["tree_param"].get("size_leaf_vector", 1)) > 1:
        raise UnsupportedFormatError(
            "XGBoost trees with several values in a leaf are not read; train with multi_strategy=one_output_per_tree"
        )
    left, right = (np.array(tree[f"{side}_children"], dtype=np.intp) for side in ("left", "right"))
    leaf = left < 0
    conditions = np.array(tree["split_conditions"], dtype=np.float32)
    value = np.zeros((leaf.size, outputs))
    value[leaf, output] = conditions[leaf].astype(np.float64) * scale
    listed = dict(zip(tree.get("categories_nodes") or (), _category_codes(tree), strict=True))
    nodes = list(listed)
    default_left = np.array(tree["default_left"], dtype=bool)
    # XGBoost sends the listed categories right; here they go left.
    left[nodes], right[nodes] = right[nodes].copy(), left[nodes].copy()
    default_left[nodes] = ~default_left[nodes]
    never = np.zeros(leaf.size, dtype=bool)
    return Tree(
        feature=np.where(leaf, -1, np.array(tree["split_indices"], dtype=np.intp)),
        threshold=np.nextafter(conditions, np.float32(-math.inf)).astype(np.float64),  # it asks for x < t
        left=left,
        right=right,
        default_left=default_left,
        value=value,
        cover=np.array(tree["sum_hessian"], dtype=np.float64),
        zero_is_missing=never,
        missing_is_zero=never,
        left_categories=listed,
    )


def _category_codes(tree: Mapping[str, Any]) -> list[list[int]]:
    codes = tree.get("categories") or []
    bounds = zip(tree.get("categories_segments") or (), tree.get("categories_sizes") or (), strict=True)
    return [[int(code) for code in codes[start : start + size]] for start, size in bounds]


def _levels(cats: Mapping[str, Any]) -> dict[int, tuple[str, ...]]:
    """Return the texts behind the category codes, by column; they are stored since XGBoost 3.1."""
    return {
        column: _texts(encoding["values"], encoding.get("offsets"))
        for column, encoding in enumerate(cats.get("enc") or ())
        if encoding["values"]
    }


def _texts(values: Sequence[int], offsets: Sequence[int] | None) -> tuple[str, ...]:
    if not offsets:
        return tuple(str(value) for value in values)
    joined = bytes(value % 256 for value in values)
    return tuple(joined[start:stop].decode() for start, stop in pairwise(offsets))
