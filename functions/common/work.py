"""Where the work of a pass lies: in the bucket, and in the container of the job that does it."""

from __future__ import annotations

from typing import Final

from functions.common.contract import CaptureSource, RunSpec
from functions.common.storage import split_uri

INPUT: Final = "/opt/ml/processing/input"
"""Where the platform puts the inputs of a job, each into a folder of its name."""
CAPTURE: Final = "capture"
"""Objects that were begun in the window."""
NEAR: Final = "near"
"""Objects beside them, which may hold records of the window."""
BASELINES: Final = "baselines"
PLANNED: Final = "pass"
PLANNED_FILE: Final = "pass.json"
PARTIAL_SUFFIX: Final = ".msgpack"

ORDER: Final = "order"
ORDER_FILE: Final = "order.json"
"""What a job is to make a baseline of, beside the data."""
DATASET: Final = "dataset"
MODEL: Final = "model"
FITTED: Final = "baseline"
"""Folder of the baseline that a job has made."""
FITTED_FILE: Final = "fitted.json"
"""Counts beside it, written last."""


def labels_name(index: int) -> str:
    """Return the name of the input with the labels of the ground truth prefix at `index`."""
    return f"labels-{index}"


def input_prefixes(run: RunSpec) -> dict[str, str]:
    """Return the S3 prefix that the files of each input lay under: with it, a local file has its URI again.

    All runs of a pass read the same, so it does not matter which of them is given.
    """
    captured = run.capture_prefix
    if run.source is CaptureSource.BATCH_TRANSFORM:  # its manifests name objects anywhere in the bucket
        captured = f"s3://{split_uri(captured)[0]}/"
    return {
        CAPTURE: captured,
        NEAR: captured,
        **{labels_name(index): prefix for index, prefix in enumerate(run.ground_truth_prefixes)},
        BASELINES: f"s3://{run.bucket}/baselines/{run.endpoint}/",
    }
