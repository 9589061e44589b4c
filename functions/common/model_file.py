"""The file of a model in S3."""

from __future__ import annotations

from functions.common.storage import read
from monitoring_core.explain.archive import find_model_file


def read_model_file(uri: str) -> bytes:
    """Return the bytes of a model file, by itself or in a `model.tar.gz`.

    Raises
    ------
    StorageError
        If it cannot be fetched.
    UnsupportedFormatError
        If it, or the archive, holds no model that can be read.
    """
    return find_model_file(read(uri), uri)
