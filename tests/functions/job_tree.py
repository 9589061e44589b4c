"""The file system that SageMaker gives to the machines of a processing job."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from functions.common.storage import list_objects, read


def mount(inputs: list[dict[str, Any]], root: Path, host: int = 0, hosts: int = 1) -> None:
    """Put the inputs of a job where one of its machines finds them, below what stands for /opt/ml."""
    for job_input in inputs:
        for key, body in _fetched(job_input, host, hosts).items():
            path = root / Path(job_input["S3Input"]["LocalPath"]).relative_to("/opt/ml") / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)


def _fetched(job_input: dict[str, Any], host: int, hosts: int) -> dict[str, bytes]:
    """What the platform puts below an input's local path on one of the machines."""
    source = job_input["S3Input"]
    if source["S3DataType"] == "ManifestFile":
        head, *keys = json.loads(read(source["S3Uri"]))
        found = {key: head["prefix"] + key for key in keys}
    else:
        found = {item.uri.removeprefix(source["S3Uri"]): item.uri for item in list_objects(source["S3Uri"])}
    sharded = source["S3DataDistributionType"] == "ShardedByS3Key"
    return {key: read(uri) for i, (key, uri) in enumerate(found.items()) if not sharded or i % hosts == host}
