"""The graph of an ONNX file, as far as it is one model operator behind simple preparation of columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from monitoring_core.errors import UnsupportedFormatError
from monitoring_core.explain.model import Floats
from monitoring_core.explain.protobuf import Message

# Numbers of the fields in onnx.proto
_MODEL_GRAPH: Final = 7
_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_INPUT = 1, 5, 11
_NODE_INPUT, _NODE_OUTPUT, _NODE_TYPE, _NODE_ATTRIBUTE = 1, 2, 4, 5
_TENSOR_TYPE, _TENSOR_FLOATS, _TENSOR_NAME, _TENSOR_RAW, _TENSOR_DOUBLES = 2, 4, 8, 9, 10
_TYPE_DOUBLE: Final = 11

MODELS: Final = frozenset({"LinearClassifier", "LinearRegressor", "TreeEnsembleClassifier", "TreeEnsembleRegressor"})
HARMLESS: Final = frozenset({"Cast", "Identity", "ZipMap"})
"""Operators behind a model that do not change its scores."""


BINARY: Final = 2
"""Class labels of a model with one score that matters: that of the second."""


class NotSimpleError(UnsupportedFormatError):
    """The graph is more than one model operator."""


@dataclass(frozen=True, slots=True, eq=False)
class Attributes:
    """Attributes of a node by name."""

    messages: Mapping[str, Message]

    def __contains__(self, name: str) -> bool:
        return name in self.messages

    def integers(self, name: str) -> list[int]:
        """Return a list, empty where it is not given."""
        return self.messages[name].integers(8) if name in self.messages else []

    def integer(self, name: str, default: int) -> int:
        """Return one number."""
        return self.messages[name].integers(3)[0] if name in self.messages else default

    def floats(self, name: str) -> Floats:
        """Return a list, from the 64-bit form ``<name>_as_tensor`` where that is given."""
        tensor = self.messages.get(f"{name}_as_tensor")
        if tensor is not None:
            return _numbers(tensor.messages(5)[0])
        return self.messages[name].floats(7) if name in self.messages else np.empty(0)

    def texts(self, name: str) -> list[str]:
        """Return a list, empty where it is not given."""
        return self.messages[name].texts(9) if name in self.messages else []

    def text(self, name: str, default: str) -> str:
        """Return one text."""
        return self.messages[name].texts(4)[0] if name in self.messages else default


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One operator."""

    operator: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    attributes: Attributes


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Columns that a node sees: graph inputs by name, and what was done to each: ``(x - offset) * scale``."""

    inputs: tuple[str, ...]
    offset: Floats
    scale: Floats
    width: int


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """Nodes, and the data inputs with their numbers of columns (0: not said)."""

    nodes: Sequence[Node]
    inputs: Mapping[str, int]

    @classmethod
    def of(cls, data: bytes) -> Graph:
        """Read an ONNX file.

        Raises
        ------
        UnsupportedFormatError
            If it is not one.
        """
        graphs = Message(data).messages(_MODEL_GRAPH)
        if not graphs:
            raise UnsupportedFormatError("not an ONNX file: it has no graph; save the model again")
        (graph,) = graphs
        constants = {tensor.texts(_TENSOR_NAME)[0] for tensor in graph.messages(_GRAPH_INITIALIZER)}
        widths = {value.texts(1)[0]: _width(value) for value in graph.messages(_GRAPH_INPUT)}
        nodes = [_node(message) for message in graph.messages(_GRAPH_NODE)]
        return cls(nodes, {name: width for name, width in widths.items() if name not in constants})

    def model(self) -> Node:
        """Return the one model operator.

        Raises
        ------
        NotSimpleError
            If there is none, or several, or something behind it changes its scores.
        """
        found = [node for node in self.nodes if node.operator in MODELS]
        if len(found) != 1:
            raise NotSimpleError(f"the graph has {len(found)} operators of {sorted(MODELS)}")
        reached = set(found[0].outputs)
        for node in self.nodes:
            if reached & set(node.inputs):
                if node.operator not in HARMLESS and not _normalises_what_is_normal(node, found[0]):
                    raise NotSimpleError(f"operator {node.operator} changes the model's scores")
                reached |= set(node.outputs)
        return found[0]

    def prepared(self, value: str) -> Prepared:
        """Trace a value back to the graph's inputs.

        Raises
        ------
        NotSimpleError
            If anything but scaling and joining of columns happens on the way.
        """
        if value in self.inputs:
            return Prepared((value,), np.zeros(1), np.ones(1), self.inputs[value])
        node = next((node for node in self.nodes if value in node.outputs), None)
        operator = node.operator if node is not None else "a constant"
        if node is not None and operator in {"Cast", "Identity"}:
            return self.prepared(node.inputs[0])
        if node is not None and operator == "Scaler":
            before = self.prepared(node.inputs[0])
            offset, scale = node.attributes.floats("offset"), node.attributes.floats("scale")
            return Prepared(before.inputs, before.offset + offset / before.scale, before.scale * scale, before.width)
        if node is not None and operator in {"Concat", "FeatureVectorizer"}:
            parts = [self.prepared(name) for name in node.inputs]
            if all(part.scale.size == 1 for part in parts):
                names = tuple(name for part in parts for name in part.inputs)
                offset, scale = (
                    np.concatenate(values) for values in zip(*((p.offset, p.scale) for p in parts), strict=True)
                )
                return Prepared(names, offset, scale, len(names))
        raise NotSimpleError(f"{operator} prepares the columns")


def _normalises_what_is_normal(node: Node, model: Node) -> bool:
    """Scores of a softmax, and the two of a binary logistic model, sum up to 1 already."""
    transform = model.attributes.text("post_transform", "NONE")
    labels = model.attributes.integers("classlabels_ints") or model.attributes.texts("classlabels_strings")
    binary = len(labels) == BINARY
    return node.operator == "Normalizer" and (transform == "SOFTMAX" or (transform == "LOGISTIC" and binary))


def _width(value: Message) -> int:
    """Return the last dimension of a tensor's type: value.type.tensor_type.shape.dim[-1].dim_value."""
    found = [value]
    for field in (2, 1, 2, 1):
        found = [inner for message in found for inner in message.messages(field)]
    return (found[-1].integers(1) or [0])[0] if found else 0


def _node(message: Message) -> Node:
    attributes = {attribute.texts(1)[0]: attribute for attribute in message.messages(_NODE_ATTRIBUTE)}
    return Node(
        message.texts(_NODE_TYPE)[0], message.texts(_NODE_INPUT), message.texts(_NODE_OUTPUT), Attributes(attributes)
    )


def _numbers(tensor: Message) -> Floats:
    double = tensor.integers(_TENSOR_TYPE) == [_TYPE_DOUBLE]
    raw = tensor.blobs(_TENSOR_RAW)
    if raw:
        return np.frombuffer(raw[0], "<f8" if double else "<f4").astype(np.float64)
    return tensor.floats(_TENSOR_DOUBLES, double=True) if double else tensor.floats(_TENSOR_FLOATS)
