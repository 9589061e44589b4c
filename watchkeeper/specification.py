"""Specifications of the usual monitors from a few words: which column holds what."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Literal

from pydantic import TypeAdapter, ValidationError

from monitoring_core.errors import ConfigError
from monitoring_core.spec import (
    ColumnSelection,
    DataIntegritySpec,
    DataQualitySpec,
    ModelBiasSpec,
    ModelExplainabilitySpec,
    ModelQualitySpec,
    MonitorSpec,
    PredictionDriftSpec,
    ProblemType,
    SchemaSpec,
)

Problem = Literal["binary-classification", "multiclass-classification", "regression"]

PROBLEMS: Final[Mapping[Problem, ProblemType]] = {
    "binary-classification": ProblemType.BINARY,
    "multiclass-classification": ProblemType.MULTICLASS,
    "regression": ProblemType.REGRESSION,
}
_FACET: Final = re.compile(r"(?P<column>[^=<>]+)(?:=(?P<values>.+)|>(?P<threshold>-?\d+(?:\.\d+)?))?")
_specs: TypeAdapter[MonitorSpec] = TypeAdapter(MonitorSpec)


def specify(
    kind: str,
    *,
    label: str | None = None,
    prediction: str | None = None,
    probability: str | None = None,
    problem: Problem | None = None,
    positive: Sequence[str] = (),
    facets: Sequence[str] = (),
    segments: Sequence[str] = (),
) -> MonitorSpec:
    """Describe a monitor; what is not said here has its default.

    Parameters
    ----------
    kind : str
        ``data-quality``, ``data-integrity``, ``prediction-drift``, ``model-quality``, ``model-bias`` or
        ``model-explainability``. The other kinds need a specification of their own, such as
        `monitoring_core.spec.TextSpec`.
    label, prediction, probability : str, optional
        Columns: the truth, the predicted class or number, and the probability of the positive (of several classes:
        the predicted) one.
    problem : str, optional
        ``binary-classification`` (the default where there is a probability), ``multiclass-classification`` or
        ``regression``.
    positive : sequence of str
        Labels that are the positive class; for a bias the default is 1, for quality the label that sorts last.
    facets : sequence of str
        Disadvantaged groups: ``carrier=EV,9E`` (values), ``age>60`` (a threshold) or ``carrier`` (each value).
    segments : sequence of str
        Columns whose values slice the rows: each slice is judged by itself, too.

    Raises
    ------
    ConfigError
        If the kind is not known, does not use what was given, or needs more.

    Examples
    --------
    >>> quality = specify("model-quality", label="late", probability="p", segments=["origin"])
    >>> quality.problem_type, quality.probability_attribute, quality.segments
    (<ProblemType.BINARY: 'BinaryClassification'>, 'p', ('origin',))
    >>> specify("data-quality", label="late")
    Traceback (most recent call last):
    monitoring_core.errors.ConfigError: data-quality does not use label; it takes segments
    """
    given = {
        "label": label,
        "prediction": prediction,
        "probability": probability,
        "problem": problem,
        "positive": tuple(positive),
        "facets": tuple(facets),
        "segments": tuple(segments),
    }
    if kind not in _MAKERS:
        raise ConfigError(
            f"kind {kind!r} is not known here; allowed: {', '.join(_MAKERS)}; the other kinds need a specification "
            "of their own (--spec) or a configuration (--config)"
        )
    make = _MAKERS[kind]
    taken = inspect.signature(make).parameters
    words = {name: value for name, value in given.items() if value}
    unused = [name for name in words if name not in taken]
    if unused:
        raise ConfigError(f"{kind} does not use {', '.join(unused)}; it takes {', '.join(taken)}")
    return make(**words)


def parse_spec(document: object, source: str) -> MonitorSpec:
    """Check a specification of any kind; `source` names it in errors.

    Raises
    ------
    ConfigError
        That lists everything that is wrong.
    """
    try:
        return _specs.validate_python(document)
    except ValidationError as error:
        raise ConfigError("\n".join(_lines(error, source))) from None


def parse_facet(text: str) -> ColumnSelection:
    """Read a facet.

    Examples
    --------
    >>> parse_facet("carrier=EV,9E").equals, parse_facet("age>60").greater_than
    (('EV', '9E'), 60.0)
    """
    match = _FACET.fullmatch(text)
    if match is None:
        raise ConfigError(
            f"facet {text!r} cannot be read; write COLUMN=VALUE,VALUE or COLUMN>NUMBER, "
            "or COLUMN alone to compare each of its values with the others"
        )
    column, values, threshold = match["column"], match["values"], match["threshold"]
    if threshold is not None:
        return ColumnSelection(column=column, greater_than=float(threshold))
    return ColumnSelection(column=column, equals=tuple(values.split(",")) if values else ())


def _data_quality(segments: tuple[str, ...] = ()) -> MonitorSpec:
    return DataQualitySpec(segments=segments)


def _data_integrity(segments: tuple[str, ...] = ()) -> MonitorSpec:
    return DataIntegritySpec(segments=segments)


def _prediction_drift(
    label: str | None = None,
    prediction: str | None = None,
    probability: str | None = None,
    problem: Problem | None = None,
    segments: tuple[str, ...] = (),
) -> MonitorSpec:
    columns = _columns("prediction-drift", label, prediction, probability)
    has_classes = probability is not None or (problem is not None and problem != "regression")
    return PredictionDriftSpec(
        columns=columns,
        classes=tuple(name for name in (prediction, label) if name) if has_classes else (),
        scores=(probability,) if probability else (),
        segments=segments,
    )


def _model_quality(
    label: str | None = None,
    prediction: str | None = None,
    probability: str | None = None,
    problem: Problem | None = None,
    positive: tuple[str, ...] = (),
    segments: tuple[str, ...] = (),
) -> MonitorSpec:
    columns = _columns("model-quality", label, prediction, probability)
    if problem is None and probability is None:
        raise ConfigError(f"model-quality needs problem: {', '.join(PROBLEMS)}")
    if problem == "regression" and probability is not None:
        raise ConfigError("a regression has no probability; give the column of the predicted number as prediction")
    if problem == "multiclass-classification" and prediction is None:
        raise ConfigError("multiclass-classification needs prediction: the column that holds the predicted class")
    if len(positive) > 1:
        raise ConfigError(f"model-quality has one positive class, got {', '.join(positive)}")
    return ModelQualitySpec(
        columns=columns,
        problem_type=PROBLEMS[problem or "binary-classification"],
        inference_attribute=prediction,
        probability_attribute=probability,
        ground_truth_attribute=label,
        positive_label=positive[0] if positive else None,
        segments=segments,
    )


def _model_bias(
    label: str | None = None,
    prediction: str | None = None,
    probability: str | None = None,
    positive: tuple[str, ...] = ("1",),
    facets: tuple[str, ...] = (),
    segments: tuple[str, ...] = (),
) -> MonitorSpec:
    if label is None or not facets:
        raise ConfigError("model-bias needs label, and at least one facet such as carrier=EV,9E")
    return ModelBiasSpec(
        columns=SchemaSpec(outputs=tuple(name for name in (prediction, probability) if name), label=label),
        label=ColumnSelection(column=label, equals=positive),
        facets=tuple(map(parse_facet, facets)),
        predicted_label=prediction,
        probability=None if prediction else probability,
        segments=segments,
    )


def _model_explainability(segments: tuple[str, ...] = ()) -> MonitorSpec:
    return ModelExplainabilitySpec(segments=segments)


_MAKERS: Final[Mapping[str, Callable[..., MonitorSpec]]] = {
    "data-quality": _data_quality,
    "data-integrity": _data_integrity,
    "prediction-drift": _prediction_drift,
    "model-quality": _model_quality,
    "model-bias": _model_bias,
    "model-explainability": _model_explainability,
}


def _columns(kind: str, label: str | None, prediction: str | None, probability: str | None) -> SchemaSpec:
    outputs = tuple(name for name in (prediction, probability) if name)
    if not outputs:
        raise ConfigError(f"{kind} needs prediction or probability: the column that holds it")
    return SchemaSpec(outputs=outputs, label=label)


def _lines(error: ValidationError, source: str) -> Iterator[str]:
    for detail in error.errors(include_url=False):
        place = ".".join(map(str, detail["loc"][1:])) or "kind"
        yield f"{source}: {place}: {detail['msg'].removeprefix('Value error, ')}"
