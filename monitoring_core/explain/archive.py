"""The file of a model, by itself or in a `model.tar.gz`."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from monitoring_core.errors import UnsupportedFormatError
from monitoring_core.explain.artifact import load_model

_GZIP: Final = b"\x1f\x8b"
_SUFFIXES: Final = frozenset({"", ".json", ".ubj", ".txt", ".model", ".onnx"})


def find_model_file(data: bytes, name: str) -> bytes:
    r"""Return the bytes of a model file; of an archive, its first file that is a model.

    Parameters
    ----------
    data : bytes
        A model file, or a `model.tar.gz` that holds one (what is below ``code/`` is not looked at).
    name : str
        For error messages.

    Raises
    ------
    UnsupportedFormatError
        If it, or the archive, holds no model that can be read.

    Examples
    --------
    >>> model = b'{"kind": "linear", "weights": [2.0], "bias": 1.0}'
    >>> packed, member = io.BytesIO(), tarfile.TarInfo("model.json")
    >>> member.size = len(model)
    >>> with tarfile.open(fileobj=packed, mode="w:gz") as archive:
    ...     archive.addfile(member, io.BytesIO(model))
    >>> find_model_file(packed.getvalue(), "model.tar.gz") == find_model_file(model, "model.json") == model
    True
    """
    if not data.startswith(_GZIP):
        load_model(data, name)
        return data
    reasons = []
    for member, content in _members(name, data):
        try:
            load_model(content, member)
        except UnsupportedFormatError as error:
            reasons.append(str(error))
        else:
            return content
    raise UnsupportedFormatError(f"{name} holds no model file that can be read: {'; '.join(reasons) or 'it is empty'}")


def _members(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
            for member in archive:
                path = PurePosixPath(member.name)
                file = archive.extractfile(member) if path.suffix in _SUFFIXES and "code" not in path.parts else None
                if file is not None:
                    yield member.name, file.read()
    except (tarfile.TarError, EOFError, OSError) as error:
        raise UnsupportedFormatError(f"{name} is not a model.tar.gz: {error}") from error
