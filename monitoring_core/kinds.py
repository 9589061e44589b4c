"""Every kind of monitor behind two functions: one makes the files of a baseline, the other holds windows against it.

Each kind is imported when it is asked for: a process needs one of them, and all take longer to import than the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial, singledispatch
from itertools import chain
from typing import Any

from monitoring_core.dataset.batch import Batch
from monitoring_core.fold import Fold
from monitoring_core.monitors import sliced, stored
from monitoring_core.spec import (
    CustomSpec,
    DataIntegritySpec,
    DataQualitySpec,
    EmbeddingDriftSpec,
    ModelBiasSpec,
    ModelExplainabilitySpec,
    ModelQualitySpec,
    MonitorSpec,
    PredictionDriftSpec,
    TextSpec,
)

Files = tuple[dict[str, bytes], int]
"""Files of a baseline by name, and the rows it rests on."""


@dataclass(frozen=True, slots=True)
class GoodData:
    """What a baseline is made of.

    Attributes
    ----------
    windows : sequence of sequence of Batch
        The data, grouped by time where that is known, so that limits can allow for ordinary change; else one window.
    model_file : bytes or None
        The model, for the kinds that ask it.
    compat : bool
        As Amazon's analyzers do it.
    """

    windows: Sequence[Sequence[Batch]]
    model_file: bytes | None = None
    compat: bool = False

    @property
    def batches(self) -> Iterable[Batch]:
        """All rows."""
        return chain.from_iterable(self.windows)


@dataclass(frozen=True, slots=True)
class Against:
    """What windows are held against.

    Attributes
    ----------
    baseline : mapping of str to bytes
        Files of the baseline.
    end : datetime or None
        End of the window, aware, where it is known: the age of the data is counted to it.
    compat : bool
        As Amazon's analyzers do it.
    """

    baseline: Mapping[str, bytes]
    end: datetime | None = None
    compat: bool = False


@singledispatch
def make_files(spec: MonitorSpec, data: GoodData) -> Files:  # noqa: ARG001 - for the functions of each kind
    """Make the files of a baseline."""
    raise TypeError(f"no monitor is made from a {type(spec).__name__}")


@singledispatch
def fold_of(spec: MonitorSpec, against: Against) -> Fold[Any]:  # noqa: ARG001 - for the functions of each kind
    """Hold a monitor against a baseline.

    Raises
    ------
    BaselineError
        If the baseline's files cannot be read.
    ColumnNotFoundError
        If the specification names a feature that the baseline does not have.
    """
    raise TypeError(f"no monitor is made from a {type(spec).__name__}")


@make_files.register
def _(spec: DataQualitySpec, data: GoodData) -> Files:
    from monitoring_core.monitors.data_quality import analysis as data_quality

    make = partial(data_quality.make_files, spec, compat=data.compat)
    return sliced.make_files(make, data.windows, spec.segments)


@fold_of.register
def _(spec: DataQualitySpec, against: Against) -> Fold[Any]:
    from monitoring_core.monitors.data_quality import analysis as data_quality

    return sliced.fold(partial(data_quality.fold, spec, compat=against.compat), against.baseline)


@make_files.register
def _(spec: ModelQualitySpec, data: GoodData) -> Files:
    from monitoring_core.monitors.model_quality import analysis as model_quality

    return model_quality.make_files(spec, data.windows, compat=data.compat)


@fold_of.register
def _(spec: ModelQualitySpec, against: Against) -> Fold[Any]:
    from monitoring_core.monitors.model_quality import analysis as model_quality

    return model_quality.fold(spec, against.baseline, compat=against.compat)


@make_files.register
def _(spec: ModelBiasSpec, data: GoodData) -> Files:
    from monitoring_core.monitors.model_bias import analysis as model_bias

    def make(windows: Sequence[Sequence[Batch]]) -> Files:
        return model_bias.make_files(spec, chain.from_iterable(windows), compat=data.compat)

    return sliced.make_files(make, data.windows, spec.segments)


@fold_of.register
def _(spec: ModelBiasSpec, against: Against) -> Fold[Any]:
    from monitoring_core.monitors.model_bias import analysis as model_bias

    return sliced.fold(partial(model_bias.fold, spec, compat=against.compat), against.baseline)


@make_files.register
def _(spec: ModelExplainabilitySpec, data: GoodData) -> Files:
    from monitoring_core.monitors.model_explainability import analysis as model_explainability

    return model_explainability.make_files(spec, data.batches, compat=data.compat, model_file=data.model_file)


@fold_of.register
def _(spec: ModelExplainabilitySpec, against: Against) -> Fold[Any]:
    from monitoring_core.monitors.model_explainability import analysis as model_explainability

    return model_explainability.fold(spec, against.baseline, compat=against.compat)


@make_files.register
def _(spec: PredictionDriftSpec, data: GoodData) -> Files:
    from monitoring_core.monitors.prediction_drift import analysis as prediction_drift

    return prediction_drift.make_files(spec, data.windows)


@fold_of.register
def _(spec: PredictionDriftSpec, against: Against) -> Fold[Any]:
    from monitoring_core.monitors.prediction_drift import monitor_of

    return stored.fold(monitor_of(spec), against.baseline, compat=against.compat)


@make_files.register
def _(spec: DataIntegritySpec, data: GoodData) -> Files:
    from monitoring_core.monitors.data_integrity import analysis as data_integrity

    return data_integrity.make_files(spec, data.windows)


@fold_of.register
def _(spec: DataIntegritySpec, against: Against) -> Fold[Any]:
    from monitoring_core.monitors.data_integrity import monitor_of

    return stored.fold(monitor_of(spec, as_of=against.end), against.baseline, compat=against.compat)


@make_files.register
def _(spec: EmbeddingDriftSpec, data: GoodData) -> Files:
    from monitoring_core.monitors.embedding_drift import analysis as embedding_drift

    return embedding_drift.make_files(spec, data.windows)


@fold_of.register
def _(spec: EmbeddingDriftSpec, against: Against) -> Fold[Any]:
    from monitoring_core.monitors.embedding_drift import monitor_of

    return stored.fold(monitor_of(spec), against.baseline, compat=against.compat)


@make_files.register
def _(spec: TextSpec, data: GoodData) -> Files:
    from monitoring_core.monitors.text import analysis as text

    return text.make_files(spec, data.windows)


@fold_of.register
def _(spec: TextSpec, against: Against) -> Fold[Any]:
    from monitoring_core.monitors.text import monitor_of

    return stored.fold(monitor_of(spec), against.baseline, compat=against.compat)


@make_files.register
def _(spec: CustomSpec, data: GoodData) -> Files:
    from monitoring_core.monitors import custom

    return custom.make_files(spec, data.windows)


@fold_of.register
def _(spec: CustomSpec, against: Against) -> Fold[Any]:
    from monitoring_core.monitors.custom import monitor_of

    return stored.fold(monitor_of(spec), against.baseline, compat=against.compat)
