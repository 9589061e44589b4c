"""The file of a model, by itself or in a `model.tar.gz`."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from functions.common.storage import read
from monitoring_core.errors import UnsupportedFormatError
from monitoring_core.explain.artifact import load_model

_GZIP: Final = b"\x1f\x8b"
_SUFFIXES: Final = frozenset({"", ".json", ".ubj", ".txt", ".model", ".onnx"})


def read_model_file(uri: str) -> bytes:
    """Return the bytes of a model file; of an archive, its first file that is a model.

    Raises
    ------
    StorageError
        If it cannot be fetched.
    UnsupportedFormatError
        If it, or the archive, holds no model that can be read.
    """
    data = read(uri)
    if not data.startswith(_GZIP):
        load_model(data, uri)
        return data
    reasons = []
    for name, content in _members(uri, data):
        try:
            load_model(content, name)
        except UnsupportedFormatError as error:
            reasons.append(str(error))
        else:
            return content
    raise UnsupportedFormatError(f"{uri} holds no model file that can be read: {'; '.join(reasons) or 'it is empty'}")


def _members(uri: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
            for member in archive:
                path = PurePosixPath(member.name)
                file = archive.extractfile(member) if path.suffix in _SUFFIXES and "code" not in path.parts else None
                if file is not None:
                    yield member.name, file.read()
    except (tarfile.TarError, EOFError, OSError) as error:
        raise UnsupportedFormatError(f"{uri} is not a model.tar.gz: {error}") from error
