"""What a baseline says of each feature or metric, for people: to review one, and to compare two."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from monitoring_core.baseline_files import CONSTRAINTS, STATISTICS
from monitoring_core.monitors.data_quality.constraints import Constraints, FeatureConstraints
from monitoring_core.monitors.model_bias.report import BiasReport
from monitoring_core.report.sagemaker.bias import load_bias_analysis
from monitoring_core.report.sagemaker.constraints import load_constraints
from monitoring_core.report.sagemaker.explainability import holds_explanations, load_explanations
from monitoring_core.report.sagemaker.statistics import load_statistics
from monitoring_core.report.words import number
from monitoring_core.stats.quantiles import Sketch
from monitoring_core.stats.type_counts import InferredType

Files = Mapping[str, bytes]
Fact = str | float | tuple[str, ...] | None
Facts = dict[str, dict[str, Fact]]
"""By feature (or metric), then by what is said of it."""

_ANALYSIS: Final = "analysis.json"
_QUARTILES: Final = {"25 %": 0.25, "median": 0.5, "75 %": 0.75}
_MAX_VALUES: Final = 8


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that two baselines say differently; None on a side that does not say it."""

    feature: str
    what: str
    before: Fact
    after: Fact


def facts(files: Files) -> Facts:
    """Return what a baseline says.

    Raises
    ------
    BaselineError
        If a file cannot be read.
    """
    found: Facts = {}
    for read in _READERS:
        for feature, what, value in read(files):
            found.setdefault(feature, {})[what] = value
    return found


def spell(fact: Fact) -> str:
    """Write a fact for people; numbers with four digits, lists cut short.

    Examples
    --------
    >>> spell(0.123456), spell(("a", "b")), spell(None)
    ('0.1235', 'a, b', '')
    """
    if fact is None or isinstance(fact, str):
        return fact or ""
    if isinstance(fact, tuple):
        shown = ", ".join(fact[:_MAX_VALUES])
        return shown if len(fact) <= _MAX_VALUES else f"{shown} ... ({len(fact)})"
    return number(fact)


def changes(before: Facts, after: Facts) -> list[Change]:
    """Return everything in which two baselines differ, feature by feature.

    Examples
    --------
    >>> changes({"age": {"type": "Integral"}}, {"age": {"type": "String"}})
    [Change(feature='age', what='type', before='Integral', after='String')]
    >>> changes({}, {"age": {"type": "String"}})[0].before is None
    True
    """
    return [
        Change(feature, what, before.get(feature, {}).get(what), after.get(feature, {}).get(what))
        for feature in dict.fromkeys([*before, *after])
        for what in dict.fromkeys([*before.get(feature, {}), *after.get(feature, {})])
        if not _same(before.get(feature, {}).get(what), after.get(feature, {}).get(what))
    ]


def _same(old: Fact, new: Fact) -> bool:
    undefined = isinstance(old, float) and isinstance(new, float) and math.isnan(old) and math.isnan(new)
    return undefined or old == new


_Read = Callable[[Files], Iterator[tuple[str, str, Fact]]]


def _constraints_of(files: Files) -> Mapping[str, Any]:
    document = json.loads(files.get(CONSTRAINTS, b"{}"))
    return document if isinstance(document, dict) else {}


def _columns(files: Files) -> Iterator[tuple[str, str, Fact]]:
    """Constraints of data quality."""
    if "features" not in _constraints_of(files):
        return
    limits = load_constraints(files[CONSTRAINTS])
    for feature in limits.features:
        for what, value in _limits(limits, feature).items():
            yield feature.name, what, value


def _limits(limits: Constraints, feature: FeatureConstraints) -> dict[str, Fact]:
    effective = limits.limits(feature)
    drift = (
        effective.categorical_threshold
        if feature.inferred_type is InferredType.STRING
        else effective.comparison_threshold
    )
    compared = effective.perform_comparison == "Enabled"
    found: dict[str, Fact] = {
        "type": str(feature.inferred_type),
        "completeness": feature.completeness,
        "values": feature.domains,
        "drift limit": drift if compared else "not compared",
        "comparison": effective.comparison_method,
        "share of type": effective.datatype_check_threshold,
        "share of values": effective.domain_content_threshold if feature.domains else None,
    }
    return {what: value for what, value in found.items() if value is not None}


def _distributions(files: Files) -> Iterator[tuple[str, str, Fact]]:
    """Statistics of data quality."""
    if "features" not in json.loads(files.get(STATISTICS, b"{}")):
        return
    profile = load_statistics(files[STATISTICS])
    for name in profile.columns:
        column = profile.columns[name]
        if not column.inferred_type.is_numeric:
            yield name, "categories", tuple(sorted(column.tally.counts))
            continue
        moments = column.moments
        yield name, "mean", moments.mean
        yield name, "standard deviation", moments.standard_deviation
        yield name, "minimum", moments.minimum
        for what, share in _QUARTILES.items():
            yield name, what, _quantile(column.sketch, share)
        yield name, "maximum", moments.maximum


def _quality(files: Files) -> Iterator[tuple[str, str, Fact]]:
    """Thresholds of model quality."""
    for section, entries in _constraints_of(files).items():
        if section.endswith("_constraints") and isinstance(entries, dict):
            for metric, entry in entries.items():
                yield metric, str(entry["comparison_operator"]), float(entry["threshold"])


def _suggested(files: Files) -> Iterator[tuple[str, str, Fact]]:
    """Constraints of the kinds that Amazon does not have."""
    for entry in _constraints_of(files).get("constraints", ()):
        subject, bound = entry["subject"], entry["bound"]
        place = " / ".join(filter(None, (subject.get("column"), subject.get("segment")))) or "all rows"
        sides = (("at least", bound.get("lower")), ("at most", bound.get("upper")))
        yield place, entry["metric"], " and ".join(f"{word} {number(v)}" for word, v in sides if v is not None)


def _bias(files: Files) -> Iterator[tuple[str, str, Fact]]:
    """Clarify's bias metrics."""
    if _ANALYSIS not in files or not any("bias_metrics" in key for key in json.loads(files[_ANALYSIS])):
        return
    report: BiasReport = load_bias_analysis(files[_ANALYSIS])
    for facet in report.facets:
        for metric in facet.metrics:
            yield facet.subject, metric.name, metric.value


def _attributions(files: Files) -> Iterator[tuple[str, str, Fact]]:
    """Clarify's global attributions."""
    if _ANALYSIS not in files or not holds_explanations(files[_ANALYSIS]):
        return
    for label in load_explanations(files[_ANALYSIS]):
        for feature, value in label.values.items():
            yield feature, f"attribution to {label.label}", value


_READERS: Final[tuple[_Read, ...]] = (_columns, _distributions, _quality, _suggested, _bias, _attributions)


def _quantile(sketch: Sketch, share: float) -> float:
    if not sketch.count:
        return math.nan
    order = np.argsort(sketch.items, kind="stable")
    through = np.cumsum(sketch.weights[order])
    return float(sketch.items[order][np.searchsorted(through, share * through[-1])])
