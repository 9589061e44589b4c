"""ONNX models: tree ensembles and linear models in process, any other graph through onnxruntime where it is installed.

This is also the way for scikit-learn (``skl2onnx.to_onnx``): its own formats execute code when they are loaded.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from monitoring_core.errors import UnsupportedFormatError
from monitoring_core.explain.forest import Tree, join_trees
from monitoring_core.explain.linear import LinearModel
from monitoring_core.explain.loaded import LoadedModel
from monitoring_core.explain.model import CallableModel, Floats, Link, Model, numbered
from monitoring_core.explain.onnx_graph import BINARY, Attributes, Graph, Node, NotSimpleError, Prepared
from monitoring_core.explain.trees import Bools, Ints, TreeEnsemble

_LINKS: Final = {"NONE": Link.IDENTITY, "LOGISTIC": Link.LOGISTIC, "SOFTMAX": Link.SOFTMAX}
_SWAPPED: Final = {"BRANCH_GT": "BRANCH_LEQ", "BRANCH_GTE": "BRANCH_LT"}


def load_onnx(data: bytes) -> LoadedModel:
    """Read a model. A binary classifier has one output, the probability (or score) of its second class.

    Raises
    ------
    UnsupportedFormatError
        If the graph is more than a tree ensemble or linear model behind scaling, and onnxruntime is not installed.
    """
    graph = Graph.of(data)
    try:
        node = graph.model()
        prepared = graph.prepared(node.inputs[0])
        model = _linear(node, prepared) if node.operator.startswith("Linear") else _trees(node, prepared)
    except NotSimpleError as error:
        return LoadedModel(_run(data, graph, str(error)))
    return LoadedModel(model)


def _features(prepared: Prepared, width: int) -> tuple[str, ...]:
    """Return the inputs' names where each column is an input of its own, else ``f0``, ``f1`` ..."""
    return prepared.inputs if len(prepared.inputs) > 1 else numbered(width)


def _link(attributes: Attributes) -> Link:
    transform = attributes.text("post_transform", "NONE")
    if transform not in _LINKS:
        raise NotSimpleError(f"its scores are transformed by {transform}")
    return _LINKS[transform]


def _linear(node: Node, prepared: Prepared) -> LinearModel:
    bias = node.attributes.floats("intercepts")
    weights: Floats = node.attributes.floats("coefficients").reshape(max(1, bias.size), -1)
    bias = bias if bias.size else np.zeros(1)
    link = _link(node.attributes)
    if node.operator == "LinearClassifier" and len(weights) == BINARY:
        if link is Link.SOFTMAX:
            raise NotSimpleError("a softmax of two classes")
        weights, bias = weights[1:], bias[1:]
    shift: Floats = prepared.offset * prepared.scale * np.ones(weights.shape[1])
    return LinearModel(weights * prepared.scale, bias - weights @ shift, link, _features(prepared, weights.shape[1]))


def _trees(node: Node, prepared: Prepared) -> TreeEnsemble:
    given = node.attributes
    if given.text("aggregate_function", "SUM") not in {"SUM", "AVERAGE"} or (prepared.scale <= 0).any():
        raise NotSimpleError("its trees are not summed, or a column is turned round")
    prefix = "class" if node.operator == "TreeEnsembleClassifier" else "target"
    nodes = _Nodes.of(given)
    outputs, single = _outputs(given, prefix)
    values = _leaf_values(given, prefix, outputs)
    if single:
        values = {place: value[-1:] if outputs > 1 else value for place, value in values.items()}
    kept = 1 if single else outputs
    trees = [_tree(nodes.of_tree(tree), values, kept) for tree in np.unique(nodes.tree).tolist()]
    given_base = given.floats("base_values")
    base = np.broadcast_to(given_base[-kept:] if given_base.size else 0.0, (kept,)).astype(np.float64)
    if given.text("aggregate_function", "SUM") == "AVERAGE":
        trees = [replace(tree, value=tree.value / len(trees)) for tree in trees]
    width = max(prepared.width, 1 + max(int(tree.feature.max()) for tree in trees))
    ensemble = join_trees(
        trees,
        base,
        link=_link(given),
        features=_features(prepared, width),
        single_precision="nodes_values_as_tensor" not in given,
    )
    return _unscaled(ensemble, prepared)


def _outputs(given: Attributes, prefix: str) -> tuple[int, bool]:
    """Return the number of scores in the file, and whether only the last one is meant (a binary classifier)."""
    if prefix == "target":
        return given.integer("n_targets", 1), False
    labels = len(given.integers("classlabels_int64s") or given.texts("classlabels_strings"))
    if labels == BINARY and len(set(given.integers("class_ids"))) == 1:
        return 1, True
    if labels == BINARY and given.text("post_transform", "NONE") == "SOFTMAX":
        raise NotSimpleError("a softmax of two classes")
    return labels, labels == BINARY


def _leaf_values(given: Attributes, prefix: str, outputs: int) -> dict[tuple[int, int], Floats]:
    found: dict[tuple[int, int], Floats] = {}
    ids = given.integers(f"{prefix}_ids")
    places = zip(given.integers(f"{prefix}_treeids"), given.integers(f"{prefix}_nodeids"), strict=True)
    for place, output, weight in zip(places, ids, given.floats(f"{prefix}_weights"), strict=True):
        found.setdefault(place, np.zeros(outputs))[output if outputs > 1 else 0] += weight
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Nodes:
    """The nodes of all trees, one array per attribute; a side that no branch takes is node 0."""

    tree: Ints
    node: Ints
    feature: Ints
    true: Ints
    false: Ints
    modes: NDArray[np.str_]
    values: Floats
    missing_is_true: Bools

    @classmethod
    def of(cls, given: Attributes) -> _Nodes:
        def numbers(name: str) -> Ints:
            return np.array(given.integers(f"nodes_{name}"), dtype=np.intp)

        tracks = numbers("missing_value_tracks_true").astype(bool)
        return cls(
            tree=numbers("treeids"),
            node=numbers("nodeids"),
            feature=numbers("featureids"),
            true=numbers("truenodeids"),
            false=numbers("falsenodeids"),
            modes=np.array(given.texts("nodes_modes"), dtype=np.str_),
            values=given.floats("nodes_values"),
            missing_is_true=tracks if tracks.size else np.zeros(numbers("nodeids").size, dtype=bool),
        )

    def of_tree(self, tree: int) -> _Nodes:
        own = np.flatnonzero(self.tree == tree)
        return _Nodes(*(getattr(self, item.name)[own] for item in fields(self)))


def _tree(nodes: _Nodes, values: dict[tuple[int, int], Floats], outputs: int) -> Tree:
    swapped = np.isin(nodes.modes, list(_SWAPPED))
    modes = np.array([_SWAPPED.get(mode, mode) for mode in nodes.modes.tolist()])
    unknown = set(modes) - {"BRANCH_LEQ", "BRANCH_LT", "LEAF"}
    if unknown:
        raise NotSimpleError(f"its trees ask {', '.join(sorted(unknown))}")
    place = {node: index for index, node in enumerate(nodes.node.tolist())}
    true, false = (np.array([place.get(child, 0) for child in side.tolist()]) for side in (nodes.true, nodes.false))
    below = np.nextafter(nodes.values.astype(np.float32), np.float32(-math.inf)).astype(np.float64)
    tree_id = int(nodes.tree[0])
    value = np.stack([values.get((tree_id, node), np.zeros(outputs)) for node in place])
    order = _from_the_root(modes == "LEAF", true, false)
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    never = np.zeros(order.size, dtype=bool)
    return Tree(
        feature=np.where(modes == "LEAF", -1, nodes.feature)[order],
        threshold=np.where(modes == "BRANCH_LT", below, nodes.values)[order],
        left=rank[np.where(swapped, false, true)[order]],
        right=rank[np.where(swapped, true, false)[order]],
        default_left=(nodes.missing_is_true != swapped)[order],
        value=value[order],
        cover=np.zeros(order.size),
        zero_is_missing=never,
        missing_is_zero=never,
    )


def _from_the_root(leaf: Any, true: Any, false: Any) -> Any:
    """Return all nodes, every child after its parent; the root is the one that is no child."""
    children = {int(child) for side in (true, false) for child in side[~leaf]}
    order = [index for index in range(leaf.size) if index not in children]
    for index in order:
        if not leaf[index]:
            order += [int(true[index]), int(false[index])]
        if len(order) > leaf.size:
            break
    if len(order) != leaf.size:
        raise UnsupportedFormatError("a tree of the ONNX model is damaged: its nodes form no tree; save it again")
    return np.array(order, dtype=np.intp)


def _unscaled(ensemble: TreeEnsemble, prepared: Prepared) -> TreeEnsemble:
    """Ask the original columns: ``(x - offset) * scale <= t`` is ``x <= t / scale + offset``."""
    if (prepared.scale == 1).all() and (prepared.offset == 0).all():
        return ensemble
    width = int(ensemble.feature.max()) + 1
    scale, offset = (
        np.broadcast_to(values, (max(width, values.size),)) for values in (prepared.scale, prepared.offset)
    )
    asked = np.maximum(ensemble.feature, 0)
    return replace(ensemble, threshold=ensemble.threshold / scale[asked] + offset[asked], single_precision=False)


def _run(data: bytes, graph: Graph, why: str) -> Model:
    try:
        from onnxruntime import InferenceSession, SessionOptions  # noqa: PLC0415 - optional, and heavy
    except ImportError:
        raise UnsupportedFormatError(
            f"this ONNX graph is not one tree ensemble or linear model ({why}); install onnxruntime to run it, or give "
            "the model in its own format (XGBoost JSON, LightGBM text)"
        ) from None
    options = SessionOptions()
    options.intra_op_num_threads = 1
    session = InferenceSession(data, options, providers=["CPUExecutionProvider"])
    several = len(graph.inputs) > 1

    def predict(rows: Floats) -> Floats:
        values = rows.astype(np.float32)
        columns = np.split(values, values.shape[1], axis=1) if several else [values]
        return _scores(session.run(None, dict(zip(graph.inputs, columns, strict=True)))[-1])

    return CallableModel(predict, tuple(graph.inputs) if several else ())


def _scores(answer: Any) -> Floats:
    """Return the last output as scores; ZipMap answers with one dictionary per row."""
    table = [list(row.values()) for row in answer] if isinstance(answer, list) else answer
    scores = np.asarray(table, dtype=np.float64)
    return scores[:, 1:] if scores.ndim == BINARY and scores.shape[1] == BINARY else scores
