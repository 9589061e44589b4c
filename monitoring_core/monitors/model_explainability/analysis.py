"""From rows and a model to Clarify's files, and from a baseline's files to a verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from monitoring_core.dataset.batch import Batch
from monitoring_core.errors import BaselineError, DataError, NoDataError
from monitoring_core.explain.background import Background
from monitoring_core.explain.encode import encode, order_of, require_codes
from monitoring_core.explain.loaded import LoadedModel
from monitoring_core.explain.model import Model
from monitoring_core.monitors.analysis import Analysis
from monitoring_core.monitors.base import profile
from monitoring_core.monitors.model_explainability.baseline import NAME as ATTRIBUTIONS
from monitoring_core.monitors.model_explainability.baseline import BaselineAttributions
from monitoring_core.monitors.model_explainability.model import explained, loaded_model, records
from monitoring_core.monitors.model_explainability.monitor import FeatureAttribution
from monitoring_core.monitors.model_explainability.sample import BoundedRows
from monitoring_core.monitors.model_explainability.sampling import Sampling
from monitoring_core.monitors.model_explainability.verdict import (
    ANALYSIS,
    State,
    as_matrix,
    explanations,
    judged,
    load_baseline,
    load_reference,
)
from monitoring_core.monitors.monitor_fold import MonitorFold
from monitoring_core.monitors.segments import Segmented, Segments
from monitoring_core.report.sagemaker.explainability import dump_explanations
from monitoring_core.spec.model_explainability import ModelExplainabilitySpec
from monitoring_core.stats.attribution import Attributions
from monitoring_core.stats.mergeable import merge_all

MIN_CLUSTER: Final = 5
"""Rows that a record of the SHAP baseline stands for at least, so that no row is kept as it was."""

MODEL: Final = "model"
"""The model file, as it is, among the files of a baseline."""


def make_files(
    spec: ModelExplainabilitySpec,
    batches: Iterable[Batch],
    *,
    compat: bool = False,
    model_file: bytes | None = None,
    model: Model | None = None,
) -> tuple[dict[str, bytes], int]:
    """Explain good data; return the files of a baseline by name, and the rows explained.

    The data is held in memory. No row of it is kept: the SHAP baseline is the specification's, or centres of the data.

    Parameters
    ----------
    spec : ModelExplainabilitySpec
    batches : iterable of Batch
    compat : bool
        As Clarify: all rows, the model's output.
    model_file : bytes, optional
        Kept as the file ``model``.
    model : Model, optional
        Instead: an endpoint, or any other callable. Later windows need it again.

    Raises
    ------
    NoDataError
        If there are no rows.
    DataError
        If a column has texts that the model file has no codes for, or no row could be explained.
    BaselineError
        If there is no model.
    """
    loaded = loaded_model(spec, model_file, model)
    held = [batch for batch in batches if len(batch)]
    if not held:
        raise NoDataError("the baseline data set has no rows; give one with at least one row")
    features = order_of(spec.columns.features or tuple(held[0].columns), loaded.model)
    for batch in held:
        require_codes(batch, features, loaded.levels)
    background = records(spec, features, loaded) or centres(spec, held, features, loaded)
    sampling = _sampling(spec, features, loaded, compat=compat)
    sample = merge_all(map(sampling.observe, held), sampling.empty()).chosen()
    made = explained(spec, loaded, features, background, rows=len(sample), compat=compat)
    watched = Segmented(made.monitor, sampling.also, min_rows=spec.min_rows)
    state = _profile(watched, [sample])
    reference = watched.as_reference(state)
    own = BaselineAttributions(features, made.monitor.labels, background, reference.to_dict())
    files = {
        ANALYSIS: dump_explanations(explanations(made.monitor, state.whole, made.expected)),
        ATTRIBUTIONS: own.dump(),
    }
    return files | ({MODEL: model_file} if model_file is not None else {}), state.rows


def fold(
    spec: ModelExplainabilitySpec,
    baseline_files: Mapping[str, bytes],
    *,
    compat: bool = False,
    model: Model | None = None,
) -> MonitorFold[BoundedRows]:
    """Hold the order of a window's features against the baseline's.

    Observing keeps at most a bounded choice of rows; concluding explains them. By default it is drift only where the
    whole 95 % interval of the NDCG is below the threshold.

    Parameters
    ----------
    spec : ModelExplainabilitySpec
        At most ``spec.max_rows`` rows of a window are explained.
    baseline_files : mapping of str to bytes
        From `make_files`; or Clarify's ``analysis.json`` and a model file named ``model``, with the SHAP baseline in
        the specification.
    compat : bool
        Decide as Clarify: on the value alone, on any number of rows, of which all are kept.
    model : Model, optional
        An endpoint or other callable, where the baseline has no model file.

    Raises
    ------
    BaselineError
        If a file is missing or does not fit the model.
    """
    loaded = loaded_model(spec, baseline_files.get(MODEL), model)
    if ATTRIBUTIONS in baseline_files:
        own = BaselineAttributions.load(baseline_files[ATTRIBUTIONS])
        features, background = own.features, own.background
    else:
        features = order_of(spec.columns.features or tuple(load_baseline(baseline_files)[0].values), loaded.model)
        background = _given(records(spec, features, loaded))
    sampling = _sampling(spec, features, loaded, compat=compat)

    def verdict(state: BoundedRows) -> Analysis:
        sample = state.chosen()
        rows = len(sample) if spec.max_rows is None or compat else spec.max_rows
        made = explained(spec, loaded, features, background, rows=rows, compat=compat)
        reference = load_reference(made.monitor, baseline_files)
        attributions = _profile(Segmented(made.monitor, sampling.also), [sample] if state.rows else [], reference)
        return judged(made.monitor, attributions, made.expected, reference, compat=compat)

    return MonitorFold(sampling, None, verdict)


def compare(
    spec: ModelExplainabilitySpec, current: bytes, baseline_files: Mapping[str, bytes], *, compat: bool = False
) -> Analysis:
    """Hold attributions that were computed elsewhere, an ``analysis.json``, against a baseline's.

    Nothing says how many rows they rest on, so nothing is said of chance.

    Raises
    ------
    BaselineError
        If a file has no attributions, or they are of different features.
    """
    now = load_baseline({ANALYSIS: current})
    features, names = tuple(now[0].values), tuple(label.label for label in now)
    monitor = FeatureAttribution(None, features, names, {}, spec.agg_method, spec.ndcg_threshold, name=spec.name)
    expected = np.array([label.expected for label in now])
    state = Segments(monitor.known(as_matrix(now, features)))
    return judged(monitor, state, expected, load_reference(monitor, baseline_files), compat=compat)


def _sampling(spec: ModelExplainabilitySpec, features: Sequence[str], loaded: LoadedModel, *, compat: bool) -> Sampling:
    size, also = (None, ()) if compat else (spec.max_rows, spec.segments)
    return Sampling(spec.name, tuple(features), also, loaded.levels, size)


def _profile(watched: Segmented[Attributions], batches: Sequence[Batch], reference: State | None = None) -> State:
    state = profile(watched, batches, reference)
    if state.whole.unexplained and not state.rows:
        raise DataError(
            f"none of {state.whole.unexplained} rows could be explained: a value or the model's score of each is no "
            "number; check the order of the columns, and fill missing values as before training"
        )
    return state


def centres(
    spec: ModelExplainabilitySpec, batches: Iterable[Batch], features: Sequence[str], loaded: LoadedModel
) -> Background:
    """Summarise data to a SHAP baseline."""
    rows = np.concatenate([encode(batch, features, loaded.levels) for batch in batches])
    return Background.of(rows).summarise(spec.background_records, seed=spec.seed, at_least=MIN_CLUSTER / len(rows))


def _given(background: Background | None) -> Background:
    if background is None:
        raise BaselineError(
            "Clarify's analysis.json does not hold the SHAP baseline it was computed with; give its records in "
            "'baseline'"
        )
    return background
