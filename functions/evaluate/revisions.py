"""Which revision of a window's report a run is, by the labels it was made of."""

from __future__ import annotations

from functions.common.contract import Manifest
from functions.common.storage import MANIFEST, read_if_present
from monitoring_core.dataset import JoinReport
from monitoring_core.dataset.late_labels import revision_of, revision_prefix


def find_revision(report_prefix: str, labels: JoinReport | None) -> int:
    """Return which revision of a window's report a run is: another one where it was made of other labels."""
    if labels is None:
        return 1
    digests: list[str] = []
    while (body := read_if_present(revision_prefix(report_prefix, len(digests) + 1) + MANIFEST)) is not None:
        counts = Manifest.model_validate_json(body).labels
        digests.append(counts.digest if counts else "")
    return revision_of(labels.digest, digests)
