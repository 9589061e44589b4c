"""From the bytes of a model file to a model. Nothing that is read here can execute code."""

from __future__ import annotations

from typing import Final

import msgspec

from monitoring_core.errors import UnsupportedFormatError
from monitoring_core.explain.lightgbm import load_lightgbm
from monitoring_core.explain.linear_json import load_linear
from monitoring_core.explain.loaded import LoadedModel
from monitoring_core.explain.onnx import load_onnx
from monitoring_core.explain.ubjson import decode_ubjson
from monitoring_core.explain.xgboost import load_xgboost

_ADVICE: Final = (
    "give an XGBoost model as JSON or UBJSON, a LightGBM model as text, an ONNX model (for scikit-learn: skl2onnx), "
    "or a linear model as JSON"
)
_PICKLES: Final = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


def load_model(data: bytes, name: str = "model") -> LoadedModel:
    r"""Read a model file; its content says which format it has.

    Parameters
    ----------
    data : bytes
    name : str
        For error messages.

    Raises
    ------
    UnsupportedFormatError
        If the format is not known, is one that executes code (pickle, joblib), or the file is damaged.

    Examples
    --------
    >>> import numpy as np
    >>> load_model(b'{"kind": "linear", "weights": [2.0], "bias": 1.0}').model.predict(np.array([[3.0]])).tolist()
    [[7.0]]
    >>> load_model(b"\x80\x04...", "model.pkl")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    monitoring_core.errors.UnsupportedFormatError: model.pkl is a pickle, which executes code when it is read; ...
    """
    if data.startswith(_PICKLES):
        raise UnsupportedFormatError(f"{name} is a pickle, which executes code when it is read; {_ADVICE}")
    if data.startswith(b"\x1f\x8b"):
        raise UnsupportedFormatError(f"{name} is a compressed archive; unpack it and give the model file inside")
    try:
        return _load(data)
    except UnsupportedFormatError as error:
        raise UnsupportedFormatError(f"{name} cannot be read as a model: {error}") from error
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise UnsupportedFormatError(f"{name} is damaged: {error!r}; {_ADVICE}") from error


def _load(data: bytes) -> LoadedModel:
    head = data.lstrip()[:64]
    if head.startswith((b"{L", b"{U", b"{l", b"{I", b"{i", b"{$", b"{#")):
        return load_xgboost(decode_ubjson(data.lstrip()))
    if head.startswith(b"{"):
        document = msgspec.json.decode(data)
        return load_xgboost(document) if "learner" in document else load_linear(document)
    if head.startswith((b"tree\n", b"tree\r\n")):
        return load_lightgbm(data.decode().replace("\r\n", "\n"))
    if head[:1] == b"\x08":  # the first field of an ONNX file: its version
        return load_onnx(data)
    raise UnsupportedFormatError(f"unknown format; {_ADVICE}")
