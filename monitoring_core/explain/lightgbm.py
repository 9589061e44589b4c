"""LightGBM models in their text format (``Booster.save_model("model.txt")``)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from monitoring_core.errors import UnsupportedFormatError
from monitoring_core.explain.forest import Tree, join_trees
from monitoring_core.explain.loaded import LoadedModel
from monitoring_core.explain.model import Link

_LINKS: Final = {
    "": Link.IDENTITY,
    "binary": Link.LOGISTIC,
    "cross_entropy": Link.LOGISTIC,
    "multiclassova": Link.LOGISTIC,
    "multiclass": Link.SOFTMAX,
    "poisson": Link.EXPONENTIAL,
    "gamma": Link.EXPONENTIAL,
    "tweedie": Link.EXPONENTIAL,
    "regression": Link.IDENTITY,
    "regression_l1": Link.IDENTITY,
    "huber": Link.IDENTITY,
    "fair": Link.IDENTITY,
    "quantile": Link.IDENTITY,
    "mape": Link.IDENTITY,
    "lambdarank": Link.IDENTITY,
    "rank_xendcg": Link.IDENTITY,
}

_CATEGORICAL, _DEFAULT_LEFT, _MISSING_SHIFT = 1, 2, 2
_MISSING_NONE, _MISSING_ZERO = 0, 1
_PANDAS: Final = "pandas_categorical:"
_WORD_BITS: Final = 32

Section = Mapping[str, str]


def load_lightgbm(text: str) -> LoadedModel:
    """Read a model; pandas categories that it was trained on are known by their texts.

    Raises
    ------
    UnsupportedFormatError
        If its objective is not known, or its leaves hold linear models.
    """
    head, *sections = _sections(text)
    name, *parameters = head.get("objective", "").split()
    if name not in _LINKS or "sqrt" in parameters:
        raise UnsupportedFormatError(
            f"unknown LightGBM objective {head['objective']!r}; known: {', '.join(filter(None, _LINKS))}"
        )
    outputs = int(head["num_tree_per_iteration"])
    scale = float(dict(part.split(":", 1) for part in parameters if ":" in part).get("sigmoid", 1.0))
    if "average_output" in head:
        scale *= outputs / max(1, len(sections))
    trees = [_tree(section, index % outputs, outputs, scale) for index, section in enumerate(sections)]
    features = tuple(head["feature_names"].split())
    ensemble = join_trees(trees, np.zeros(outputs), link=_LINKS[name], features=features)
    return LoadedModel(ensemble, _levels(text, head))


def _sections(text: str) -> Iterator[dict[str, str]]:
    """Yield the head, then every tree, as keys and values."""
    body = text.partition("end of trees")[0]
    for part in body.split("\nTree="):
        lines = (line.partition("=") for line in part.splitlines() if line)
        yield {key: value for key, _, value in lines}


def _numbers(section: Section, key: str, kind: type = np.float64) -> np.ndarray[Any, Any]:
    return np.array([float(word) for word in section.get(key, "").split()]).astype(kind)


def _tree(section: Section, output: int, outputs: int, scale: float) -> Tree:
    if section.get("is_linear", "0") != "0":
        raise UnsupportedFormatError("LightGBM's linear trees are not read; train with linear_tree=false")
    leaves = int(section["num_leaves"])
    kinds = _numbers(section, "decision_type", np.intp)
    splits = kinds.size if leaves > 1 else 0
    missing = kinds[:splits] >> _MISSING_SHIFT
    categorical = (kinds[:splits] & _CATEGORICAL) != 0
    value = np.zeros((splits + leaves, outputs))
    value[splits:, output] = _numbers(section, "leaf_value") * scale

    def per_node(of_splits: Any, of_leaves: Any) -> Any:
        return np.concatenate([of_splits[:splits], np.full(leaves, of_leaves)])

    # Inner nodes come first, then the leaves; a child below 0 is the complement of a leaf's number.
    left, right = (_numbers(section, f"{side}_child", np.intp)[:splits] for side in ("left", "right"))
    return Tree(
        feature=per_node(_numbers(section, "split_feature", np.intp), -1),
        threshold=per_node(_numbers(section, "threshold"), 0.0),
        left=per_node(np.where(left < 0, splits + ~left, left), -1),
        right=per_node(np.where(right < 0, splits + ~right, right), -1),
        default_left=per_node((kinds[:splits] & _DEFAULT_LEFT != 0) & ~categorical, of_leaves=False),
        value=value,
        cover=_covers(section, splits, leaves),
        zero_is_missing=per_node((missing == _MISSING_ZERO) & ~categorical, of_leaves=False),
        missing_is_zero=per_node((missing == _MISSING_NONE) & ~categorical, of_leaves=False),
        left_categories=_category_sets(section, np.flatnonzero(categorical)),
    )


def _covers(section: Section, splits: int, leaves: int) -> np.ndarray[Any, Any]:
    counts = np.concatenate([_numbers(section, "internal_count")[:splits], _numbers(section, "leaf_count")])
    return counts if counts.size == splits + leaves else np.zeros(splits + leaves)


def _category_sets(section: Section, nodes: Any) -> dict[int, list[int]]:
    """Return the codes of each node's set: bits in words of 32."""
    bounds = _numbers(section, "cat_boundaries", np.intp)
    words = [int(word) for word in section.get("cat_threshold", "").split()]
    which = _numbers(section, "threshold", np.intp)
    return {int(node): _bits(words[bounds[which[node]] : bounds[which[node] + 1]]) for node in nodes}


def _bits(words: list[int]) -> list[int]:
    joined = sum(word << (_WORD_BITS * place) for place, word in enumerate(words))
    return [code for code in range(_WORD_BITS * len(words)) if joined >> code & 1]


def _levels(text: str, head: Section) -> dict[int, tuple[str, ...]]:
    """Return the texts of the categories, which are listed for the categorical columns in order."""
    line = next((line for line in reversed(text.splitlines()) if line.startswith(_PANDAS)), None)
    listed = json.loads(line.removeprefix(_PANDAS)) if line else None
    if not listed:
        return {}
    declared = text.partition("[categorical_feature: ")[2].partition("]")[0]
    columns = [int(word) for word in declared.split(",") if word.strip().isdigit()]
    if len(columns) != len(listed):
        infos = head["feature_infos"].split()
        columns = [column for column, info in enumerate(infos) if ":" in info and not info.startswith("[")]
    return {column: tuple(map(str, texts)) for column, texts in zip(columns, listed, strict=False)}
