"""``analysis.json`` of explainability, and the file of local attributions (contract 7)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from monitoring_core.errors import BaselineError
from monitoring_core.report.sagemaker.json_bytes import encode, number

LOCAL_FILE: Final = "explanations_shap/out.csv"
_METHOD: Final = "kernel_shap"


@dataclass(frozen=True, slots=True)
class LabelExplanation:
    """Global attributions of one output of the model.

    Attributes
    ----------
    values : mapping of feature to float
        Global attribution; ``nan`` where it is undefined.
    expected : float
        Mean score of the SHAP baseline.
    """

    label: str
    values: Mapping[str, float]
    expected: float = math.nan


def dump_explanations(labels: Sequence[LabelExplanation]) -> bytes:
    """Write ``analysis.json``; the method has Clarify's name whatever way the Shapley values were computed."""
    document = {
        label.label: {
            "global_shap_values": {feature: _value(value) for feature, value in label.values.items()},
            "expected_value": _value(label.expected),
        }
        for label in labels
    }
    return encode({"version": "1.0", "explanations": {_METHOD: document}})


def load_explanations(data: bytes) -> tuple[LabelExplanation, ...]:
    """Read the explanations in an ``analysis.json``, ours or Clarify's.

    Raises
    ------
    BaselineError
        If it holds none, or is something else.

    Examples
    --------
    >>> load_explanations(b'{"explanations": {"kernel_shap": {"label0": {"global_shap_values": {"age": 0.5}}}}}')
    (LabelExplanation(label='label0', values={'age': 0.5}, expected=nan),)
    """
    try:
        labels = json.loads(data)["explanations"][_METHOD]
        return tuple(
            LabelExplanation(
                name,
                {feature: _number(value) for feature, value in entry["global_shap_values"].items()},
                _number(entry.get("expected_value")),
            )
            for name, entry in labels.items()
        )
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise BaselineError(
            f"analysis.json holds no feature attributions ({error!r}); expected explanations.{_METHOD}.<label>."
            "global_shap_values, as Clarify writes them"
        ) from error


def holds_explanations(data: bytes) -> bool:
    """Return whether a document is an ``analysis.json`` with explanations.

    Examples
    --------
    >>> holds_explanations(b'{"version": "1.0", "explanations": {}}'), holds_explanations(b'{"features": [1]}')
    (True, False)
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and "explanations" in document


def dump_local(values: NDArray[np.float64], features: Sequence[str], labels: Sequence[str]) -> bytes:
    r"""Write ``explanations_shap/out.csv``: one row per record, a column ``<feature>_<label>`` per attribution.

    Parameters
    ----------
    values : ndarray, shape (n_rows, n_labels, n_features)

    Examples
    --------
    >>> dump_local(np.array([[[0.5, -1.0]]]), ["age", "sex"], ["label0"])
    b'age_label0,sex_label0\n0.5,-1.0\n'
    """
    head = ",".join(_quoted(f"{feature}_{label}") for label in labels for feature in features)
    rows = values.reshape(len(values), -1).tolist()
    return "".join(f"{line}\n" for line in [head, *(",".join(map(repr, row)) for row in rows)]).encode()


def _quoted(text: str) -> str:
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if any(mark in text for mark in ',"\n') else text


def _value(value: float) -> float | str | None:
    return None if math.isnan(value) else number(value)


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)
