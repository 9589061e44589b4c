"""``analysis.json`` of bias, as Clarify writes it; it is its own constraints file."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from monitoring_core.errors import BaselineError
from monitoring_core.measures.bias import Stage, label_shares, performance
from monitoring_core.monitors.model_bias.groups import subject_of
from monitoring_core.monitors.model_bias.report import BiasReport, FacetReport, MetricResult
from monitoring_core.report.sagemaker.json_bytes import encode, number

_SECTIONS: Final = {
    Stage.POST_TRAINING: "post_training_bias_metrics",
    Stage.PRE_TRAINING: "pre_training_bias_metrics",
}
_INFINITE: Final = {"Infinity": math.inf, "∞": math.inf, "-Infinity": -math.inf, "-∞": -math.inf}


def bias_sections(report: BiasReport, *, compat: bool = False) -> dict[str, Any]:
    """Return the bias sections of ``analysis.json``; a stage without metrics is left out.

    Parameters
    ----------
    compat : bool
        Leave out our extra keys: of a metric ``confidence_interval`` and ``rows``, of a facet ``groups``, which says
        how labels are distributed and how well the model serves either side.
    """
    found = {name: _section(report, stage, compat=compat) for stage, name in _SECTIONS.items()}
    return {name: section for name, section in found.items() if section["facets"]}


def dump_bias_analysis(report: BiasReport, *, compat: bool = False) -> bytes:
    """Write ``analysis.json`` with the bias sections alone."""
    return encode({"version": "1.0", **bias_sections(report, compat=compat)})


def load_bias_analysis(data: bytes) -> BiasReport:
    """Read the bias sections of an analysis, Clarify's or ours; infinities may be words or ``∞``.

    Raises
    ------
    BaselineError
        If there are none, or the file is something else.

    Examples
    --------
    >>> load_bias_analysis(b'{"version": "1.0"}')
    Traceback (most recent call last):
    monitoring_core.errors.BaselineError: analysis.json has no bias metrics; make the baseline with pre_training_bias \
or post_training_bias among its methods
    """
    try:
        document = json.loads(data)  # which takes the bare Infinity that Python writes, too
        sections = [(stage, document[name]) for stage, name in _SECTIONS.items() if document.get(name)]
        facets: dict[tuple[str, str], list[MetricResult]] = {}
        for stage, section in sections:
            for facet, printed, metrics in _entries(section):
                facets.setdefault((facet, printed), []).extend(_result(stage, metric) for metric in metrics)
        labels = [(str(section["label"]), str(section["label_value_or_threshold"])) for _, section in sections]
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise BaselineError(
            f"analysis.json cannot be read: {type(error).__name__}: {error}; expected Clarify's bias analysis"
        ) from error
    if not labels:
        raise BaselineError(
            "analysis.json has no bias metrics; make the baseline with pre_training_bias or post_training_bias "
            "among its methods"
        )
    reports = tuple(
        FacetReport(facet, printed, subject_of(facet, printed), tuple(sorted(metrics, key=_order)))
        for (facet, printed), metrics in facets.items()
    )
    return BiasReport(*labels[0], reports)


def _section(report: BiasReport, stage: Stage, *, compat: bool) -> dict[str, Any]:
    facets: dict[str, list[dict[str, Any]]] = {}
    for facet in report.facets:
        metrics = [_metric(metric, compat=compat) for metric in facet.metrics if metric.stage is stage]
        if metrics:
            entry = {"value_or_threshold": facet.printed, "metrics": metrics}
            facets.setdefault(facet.facet, []).append(entry if compat else entry | _groups(facet, stage))
    return {"label": report.label, "facets": facets, "label_value_or_threshold": report.label_printed}


def _groups(facet: FacetReport, stage: Stage) -> dict[str, Any]:
    sides = {"advantaged": facet.advantaged, "disadvantaged": facet.disadvantaged}
    describe = label_shares if stage is Stage.PRE_TRAINING else performance
    found = {
        name: {"rows": int(outcomes.rows)}
        | {key: None if math.isnan(value) else number(value) for key, value in describe(outcomes).items()}
        for name, outcomes in sides.items()
        if outcomes is not None
    }
    return {"groups": found}


def _metric(metric: MetricResult, *, compat: bool) -> dict[str, Any]:
    missing = math.isnan(metric.value)
    entry: dict[str, Any] = {
        "name": metric.name,
        "description": metric.description,
        "value": None if missing else number(metric.value),
    }
    if missing:
        entry["error"] = metric.error
    if not compat:
        entry["rows"] = metric.rows
        if metric.interval is not None:
            entry["confidence_interval"] = [number(end) for end in metric.interval]
    return entry


def _entries(section: Mapping[str, Any]) -> Iterator[tuple[str, str, list[Mapping[str, Any]]]]:
    for facet, groups in section["facets"].items():
        for group in groups:
            yield str(facet), str(group["value_or_threshold"]), group["metrics"]


def _result(stage: Stage, metric: Mapping[str, Any]) -> MetricResult:
    ends = metric.get("confidence_interval")
    return MetricResult(
        str(metric["name"]),
        str(metric.get("description", "")),
        stage,
        _value(metric["value"]),
        str(metric.get("error") or ""),
        (_value(ends[0]), _value(ends[1])) if ends else None,
        int(metric.get("rows", 0)),
    )


def _value(given: Any) -> float:
    if given is None:
        return math.nan
    return _INFINITE[given] if given in _INFINITE else float(given)


def _order(metric: MetricResult) -> bool:
    return metric.stage is Stage.POST_TRAINING
