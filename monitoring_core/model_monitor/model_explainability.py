"""Clarify's explainability files as an evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from monitoring_core.checks.evaluation import Bound, Constraint, Evaluation, Measurement, Subject
from monitoring_core.errors import DataError
from monitoring_core.measures.attribution import normalised_discounted_cumulative_gain, rank_moves
from monitoring_core.model_monitor.reported import Reported, as_reported
from monitoring_core.monitors.model_explainability.monitor import ATTRIBUTION, CHECK_TYPE, NDCG, RANK_MOVE
from monitoring_core.monitors.model_explainability.verdict import ANALYSIS, as_matrix, load_baseline
from monitoring_core.report.sagemaker.explainability import LabelExplanation, load_explanations
from monitoring_core.report.sagemaker.violations import load_violations
from monitoring_core.spec import ModelExplainabilitySpec

NDCG_THRESHOLD: Final = 0.9
"""Clarify's, which cannot be changed (contract 7)."""
_NOT_MEASURED: Final = "the baseline explains another output"


def read(
    spec: ModelExplainabilitySpec, files: Mapping[str, bytes], violations: bytes, baseline: Mapping[str, bytes]
) -> Evaluation:
    """Return what Clarify found; its file does not tell how many rows it explained.

    Labels are matched by position: Clarify names them differently from run to run.
    """
    if ANALYSIS not in files:
        raise DataError(f"Clarify wrote no {ANALYSIS}; found: {', '.join(files) or 'no files'}; see the job's log")
    labels, good = load_explanations(files[ANALYSIS]), load_baseline(baseline)
    found = list(_measure(labels, good))
    constraints = [
        Constraint(NDCG, Bound(lower=NDCG_THRESHOLD), Subject(label.label), check_type=CHECK_TYPE) for label in labels
    ]
    reported = [Reported.of(entry, Subject(str(entry.get("label", ""))), NDCG) for entry in load_violations(violations)]
    return as_reported(spec.name, 0, found, constraints, reported, unmeasured=_NOT_MEASURED)


def _measure(labels: Sequence[LabelExplanation], good: Sequence[LabelExplanation]) -> Iterator[Measurement]:
    for label, base in zip(labels, good, strict=False):
        features = tuple(base.values)
        before, now = as_matrix([base], features)[0], as_matrix([label], features)[0]
        yield Measurement(NDCG, normalised_discounted_cumulative_gain(before, now), 0, Subject(label.label))
        names = [name if len(labels) == 1 else f"{name}_{label.label}" for name in features]
        for name, value, move in zip(names, now.tolist(), rank_moves(before, now).tolist(), strict=True):
            yield Measurement(ATTRIBUTION, value, 0, Subject(name))
            yield Measurement(RANK_MOVE, float(move), 0, Subject(name))
