"""From a state and a baseline's files to Clarify's files and a verdict."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from monitoring_core.checks.codec import dump_evaluation
from monitoring_core.checks.evaluation import Check, Outcome
from monitoring_core.errors import BaselineError
from monitoring_core.explain.model import Floats
from monitoring_core.metric_names import EXPECTED_VALUE, feature_attribution
from monitoring_core.monitors.analysis import Analysis, ParityMetric
from monitoring_core.monitors.base import Baseline, judge
from monitoring_core.monitors.model_explainability.baseline import NAME as ATTRIBUTIONS
from monitoring_core.monitors.model_explainability.baseline import BaselineAttributions
from monitoring_core.monitors.model_explainability.monitor import FeatureAttribution
from monitoring_core.monitors.segments import Segmented, Segments
from monitoring_core.monitors.stored import dump_weakest
from monitoring_core.report.sagemaker.explainability import LabelExplanation, dump_explanations, load_explanations
from monitoring_core.report.sagemaker.explainability_violations import dump_explainability_violations
from monitoring_core.stats.attribution import Attributions

ANALYSIS: Final = "analysis.json"
VIOLATIONS: Final = "constraint_violations.json"


State = Segments[Attributions]


def judged(
    monitor: FeatureAttribution,
    state: State,
    expected: Floats,
    reference: State,
    *,
    compat: bool = False,
) -> Analysis:
    """Hold a window's attributions against the baseline's, ours or Clarify's.

    Labels are matched by position: Clarify names them differently from run to run.

    Parameters
    ----------
    state : Segments
        Of all rows, and of each slice.
    expected : ndarray, shape (n_outputs,)
        Mean score of the SHAP baseline.
    reference : Segments
        From `load_reference`.
    compat : bool
        Decide on the value alone, without its interval.
    """
    watched = Segmented(monitor, (), min_rows=monitor.min_rows)
    evaluation = judge(watched, state, Baseline(reference, tuple(watched.suggest(reference))))
    if not compat:
        evaluation = replace(evaluation, checks=tuple(map(_beyond_chance, evaluation.checks)))
    labels = explanations(monitor, state.whole, expected)
    files = {
        ANALYSIS: dump_explanations(labels),
        VIOLATIONS: dump_explainability_violations(evaluation, compat=compat),
        "evaluation.json": dump_evaluation(evaluation),
    }
    if reference.by:
        files["segments.json"] = dump_weakest(evaluation)
    return Analysis(evaluation, files if state.rows else {}, tuple(_metrics(labels)))


def explanations(monitor: FeatureAttribution, state: Attributions, expected: Floats) -> list[LabelExplanation]:
    """Return global attributions by label."""
    overall = monitor.overall(state)
    return [
        LabelExplanation(label, dict(zip(monitor.features, values, strict=True)), base)
        for label, values, base in zip(monitor.labels, overall.tolist(), expected.tolist(), strict=True)
    ]


def as_matrix(labels: Sequence[LabelExplanation], features: Sequence[str]) -> Floats:
    """Return global attributions, shape (n_labels, n_features).

    Raises
    ------
    BaselineError
        If a label has other features.
    """
    for label in labels:
        if set(label.values) != set(features):
            differing = sorted(set(label.values) ^ set(features))
            raise BaselineError(
                f"label {label.label!r} of the baseline and the window have different features: "
                f"{', '.join(differing[:10])}; make the baseline again with this model"
            )
    return np.array([[label.values[feature] for feature in features] for label in labels], dtype=np.float64)


def load_reference(monitor: FeatureAttribution, files: Mapping[str, bytes]) -> State:
    """Return the state of good data: all of it, or what Clarify's file tells.

    Raises
    ------
    BaselineError
        If the baseline's attributions are missing or of other features or outputs.
    """
    if ATTRIBUTIONS in files:
        own = BaselineAttributions.load(files[ATTRIBUTIONS])
        if own.features == monitor.features and len(own.labels) == len(monitor.labels):
            return Segments(Attributions()).from_dict(own.state)
    labels = load_baseline(files)
    if len(labels) != len(monitor.labels):
        raise BaselineError(
            f"the baseline explains {len(labels)} outputs ({', '.join(label.label for label in labels)}), the window "
            f"{len(monitor.labels)}; make the baseline again with this model"
        )
    return Segments(monitor.known(as_matrix(labels, monitor.features)))


def load_baseline(files: Mapping[str, bytes]) -> tuple[LabelExplanation, ...]:
    """Return the explanations of a baseline.

    Raises
    ------
    BaselineError
        If it has none.
    """
    if ANALYSIS not in files:
        raise BaselineError(f"the baseline has no {ANALYSIS}; it has {', '.join(files) or 'no files'}")
    labels = load_explanations(files[ANALYSIS])
    if not labels:
        raise BaselineError(f"{ANALYSIS} of the baseline explains no output; make it again")
    return labels


def _beyond_chance(check: Check) -> Check:
    """Leave a violation undecided where the interval reaches the threshold."""
    measured, limit = check.measurement, check.constraint.bound.lower
    if check.outcome is not Outcome.VIOLATED or measured is None or limit is None or measured.interval is None:
        return check
    low, high = measured.interval
    if high < limit:
        return check
    reason = (
        f"NDCG {measured.value:.3f} is below {limit:g}, but its 95 % interval {low:.3f} to {high:.3f} reaches it: "
        f"{measured.n} rows are too few to tell"
    )
    return Check(check.constraint, measured, Outcome.NOT_EVALUATED, reason)


def _metrics(labels: Sequence[LabelExplanation]) -> Iterator[ParityMetric]:
    """Yield the CloudWatch metrics that Clarify publishes (contract 7)."""
    for label in labels:
        dimensions = {"ExplainabilityMethod": "KernelShap", "Label": label.label}
        for feature, value in label.values.items():
            if math.isfinite(value):
                own = {**dimensions, "ValueType": "GlobalShapValues"}
                yield ParityMetric(feature_attribution(feature), value, own, feature)
        if math.isfinite(label.expected):
            yield ParityMetric(EXPECTED_VALUE, label.expected, {**dimensions, "ValueType": "ExpectedValue"})
