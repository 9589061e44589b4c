"""From batches to Clarify's files, and from a baseline's file to a verdict."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from monitoring_core.checks.evaluation import Evaluation
from monitoring_core.dataset.batch import Batch
from monitoring_core.errors import BaselineError, NoDataError
from monitoring_core.measures.bias import Stage
from monitoring_core.metric_names import bias_metric
from monitoring_core.monitors.analysis import Analysis, ParityMetric
from monitoring_core.monitors.base import Baseline, judge, profile
from monitoring_core.monitors.model_bias.groups import is_interval
from monitoring_core.monitors.model_bias.levels import as_number
from monitoring_core.monitors.model_bias.monitor import ModelBias
from monitoring_core.monitors.model_bias.report import BiasReport, measurements
from monitoring_core.monitors.model_bias.state import BiasState
from monitoring_core.monitors.monitor_fold import MonitorFold
from monitoring_core.report.sagemaker.bias import dump_bias_analysis, load_bias_analysis
from monitoring_core.report.sagemaker.bias_violations import dump_bias_violations
from monitoring_core.spec.model_bias import ColumnSelection, ModelBiasSpec

ANALYSIS: Final = "analysis.json"
VIOLATIONS: Final = "constraint_violations.json"

_PUBLISHED_INFINITY: Final = 2.348543e108
"""CloudWatch takes no infinity; Clarify publishes this."""
_STAGES: Final = {Stage.PRE_TRAINING: "Pre-training", Stage.POST_TRAINING: "Post-Training"}


def make_files(spec: ModelBiasSpec, batches: Iterable[Batch], *, compat: bool = False) -> tuple[dict[str, bytes], int]:
    """Analyse good data; return ``analysis.json`` and the number of rows.

    It is Clarify's file; by default it has our metrics, intervals and numbers of rows, too.

    Raises
    ------
    NoDataError
        If there are no rows.
    """
    monitor = ModelBias(spec, compat)
    state = profile(monitor, batches)
    if not state.rows:
        raise NoDataError("the baseline data set has no rows; give one with at least one row")
    return {ANALYSIS: dump_bias_analysis(monitor.report(state), compat=compat)}, state.rows


def fold(spec: ModelBiasSpec, baseline_files: Mapping[str, bytes], *, compat: bool = False) -> MonitorFold[BiasState]:
    """Hold windows against a baseline.

    Parameters
    ----------
    spec : ModelBiasSpec
        By default a threshold or value whose meaning the specification leaves open has the one it had at the baseline.
    baseline_files : mapping of str to bytes
        With ``analysis.json``, ours or Clarify's.
    compat : bool
        Decide and write exactly as Clarify does.

    Raises
    ------
    BaselineError
        If there is no ``analysis.json``, it cannot be read, or has none of the facets.
    """
    if ANALYSIS not in baseline_files:
        raise BaselineError(f"the baseline has no {ANALYSIS}; it has {', '.join(baseline_files) or 'no files'}")
    baseline = load_bias_analysis(baseline_files[ANALYSIS])
    _require_common_facet(spec, baseline)
    if not compat:
        spec = decided(spec, baseline)
    found = measurements(baseline)
    monitor = ModelBias(spec, compat, {(m.metric, m.subject): m.value for m in found if m.metric not in spec.limits})

    def verdict(state: BiasState) -> Analysis:
        if not state.rows:
            return Analysis(Evaluation(spec.name, 0), {})
        report = monitor.report(state)
        evaluation = judge(monitor, state, Baseline(BiasState(), monitor.constraints(found)))
        files = {
            ANALYSIS: dump_bias_analysis(report, compat=compat),
            VIOLATIONS: dump_bias_violations(evaluation, report, compat=compat),
        }
        return Analysis(evaluation, files, tuple(parity_metrics(report)))

    return MonitorFold(monitor, None, verdict)


def decided(spec: ModelBiasSpec, baseline: BiasReport) -> ModelBiasSpec:
    """Give every undecided selection the meaning it had at the baseline."""
    label = _decided(spec.label, [baseline.label_printed])
    facets = (
        _decided(facet, [report.printed for report in baseline.facets if report.facet == facet.column])
        for facet in spec.facets
    )
    return spec.model_copy(update={"label": label, "facets": tuple(facets)})


def parity_metrics(report: BiasReport) -> Iterator[ParityMetric]:
    """Yield the CloudWatch metrics that Clarify publishes (contract 6.6)."""
    for facet in report.facets:
        for metric in facet.metrics:
            if math.isnan(metric.value):
                continue
            value = math.copysign(_PUBLISHED_INFINITY, metric.value) if math.isinf(metric.value) else metric.value
            dimensions = {
                "BiasStage": _STAGES[metric.stage],
                "Label": report.label,
                "LabelValue": report.label_printed,
                "Facet": facet.facet,
                "FacetValue": facet.printed,
            }
            yield ParityMetric(bias_metric(metric.name), value, dimensions, facet.subject)


def _require_common_facet(spec: ModelBiasSpec, baseline: BiasReport) -> None:
    """Refuse a baseline that nothing here can be compared with: that would look healthy."""
    wanted, known = [facet.column for facet in spec.facets], [report.facet for report in baseline.facets]
    if set(wanted).isdisjoint(known):
        raise BaselineError(
            f"the baseline has the facets {', '.join(dict.fromkeys(known)) or 'none'}, and this analysis "
            f"{', '.join(wanted)}: nothing can be compared; name the columns as at the baseline, or make it again"
        )


def _decided(selection: ColumnSelection, printed: list[str]) -> ColumnSelection:
    if len(selection.value_or_threshold) != 1 or not printed:
        return selection
    if any(map(is_interval, printed)):
        return ColumnSelection(column=selection.column, greater_than=as_number(selection.value_or_threshold[0]))
    return ColumnSelection(column=selection.column, equals=selection.value_or_threshold)
