"""Inputs of processing jobs, in the words of ``CreateProcessingJob``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from functions.common.storage import write
from functions.common.work import INPUT

SHARDED: Final = "ShardedByS3Key"
"""Each machine of the job gets some of the objects."""
REPLICATED: Final = "FullyReplicated"
"""Each machine gets all."""


def list_input(manifest: str, name: str, prefix: str, keys: Sequence[str], distribution: str) -> dict[str, Any]:
    """Write down which objects below a prefix are an input, at the URI `manifest`; return the input."""
    write(manifest, json.dumps([{"prefix": prefix}, *keys]).encode())
    return job_input(name, manifest, "ManifestFile", distribution)


def job_input(name: str, uri: str, data_type: str, distribution: str) -> dict[str, Any]:
    """Return an input; its objects are put below ``/opt/ml/processing/input/<name>``."""
    return {
        "InputName": name,
        "S3Input": {
            "S3Uri": uri,
            "LocalPath": f"{INPUT}/{name}",
            "S3DataType": data_type,
            "S3InputMode": "File",
            "S3DataDistributionType": distribution,
        },
    }
