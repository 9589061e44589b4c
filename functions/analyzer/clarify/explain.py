"""The method ``shap``: attributions of a model that is given as a file, or behind an endpoint that exists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from functions.analyzer.clarify.config import AnalysisConfig
from functions.analyzer.clarify.dataset import Dataset
from functions.analyzer.clarify.explain_config import (
    PredictorConfig,
    ShapConfig,
    baseline_records,
    predictor_config,
    shap_config,
)
from functions.analyzer.clarify.predictor import load_predictor
from functions.analyzer.clarify.settings import ClarifySettings
from functions.analyzer.data_format import find_files
from monitoring_core.checks.codec import dump_evaluation
from monitoring_core.checks.evaluation import Evaluation
from monitoring_core.errors import ConfigError
from monitoring_core.explain.encode import order_of, require_codes
from monitoring_core.monitors.analysis import Analysis
from monitoring_core.monitors.model_explainability.analysis import centres, compare
from monitoring_core.monitors.model_explainability.baseline import NAME as ATTRIBUTIONS
from monitoring_core.monitors.model_explainability.baseline import BaselineAttributions
from monitoring_core.monitors.model_explainability.model import Explained, explained, records
from monitoring_core.monitors.model_explainability.verdict import ANALYSIS, explanations, judged, load_reference
from monitoring_core.monitors.segments import Segments
from monitoring_core.report.sagemaker.explainability import (
    LOCAL_FILE,
    dump_explanations,
    dump_local,
    holds_explanations,
)
from monitoring_core.spec.base import SchemaSpec
from monitoring_core.spec.model_explainability import ModelExplainabilitySpec

EVALUATION: Final = "evaluation.json"


def given_explanations(settings: ClarifySettings) -> bytes | None:
    """Return the data set where it is an ``analysis.json``: attributions that were computed before."""
    files = find_files(settings.dataset_source)
    if len(files) != 1 or files[0].suffix != ".json":
        return None
    data = files[0].read_bytes()
    return data if holds_explanations(data) else None


def compare_explanations(
    config: AnalysisConfig, current: bytes, baseline: Mapping[str, bytes] | None, *, compat: bool
) -> Analysis:
    """Hold attributions that were computed before against a baseline's.

    Raises
    ------
    ConfigError
        If there is no baseline.
    """
    if baseline is None:
        raise ConfigError(
            "the data set is an analysis.json, which is only compared: name the baseline's in baseline_constraints"
        )
    shap = shap_config(config)
    spec = ModelExplainabilitySpec(agg_method=shap.agg_method, ndcg_threshold=shap.drift_threshold)
    return compare(spec, current, baseline, compat=compat)


def analyse_explanations(
    settings: ClarifySettings, config: AnalysisConfig, dataset: Dataset, baseline: Mapping[str, bytes] | None
) -> Analysis:
    """Explain every row of the data set, and hold the attributions against a baseline if there is one.

    A model in a file costs nothing to ask, so `num_samples` is the least that is done: trees and linear models are
    explained exactly where there is a closed form, and linear models of up to 14 features always. An endpoint is asked
    about `num_samples` coalitions per row, equal ones once.

    Raises
    ------
    ConfigError
        If there is no model file, or the configuration does not fit it.
    DataError
        If the data cannot be given to the model.
    """
    shap, predictor = shap_config(config), predictor_config(config)
    made = _explained(settings, config, dataset, shap, predictor)
    files: dict[str, bytes] = {}
    local = np.concatenate([made.monitor.local(batch) for batch in dataset.batches])
    state = made.monitor.added_up(local)
    if shap.save_local_shap_values:
        files[LOCAL_FILE] = dump_local(local, made.monitor.features, made.monitor.labels)
    if baseline is not None:
        reference = load_reference(made.monitor, baseline)
        analysis = judged(made.monitor, Segments(state), made.expected, reference, compat=settings.compat)
        return Analysis(analysis.evaluation, {**files, **analysis.files}, analysis.metrics)
    evaluation = Evaluation(made.monitor.name, state.rows, (), tuple(made.monitor.measure(state)))
    files[ANALYSIS] = dump_explanations(explanations(made.monitor, state, made.expected))
    files[EVALUATION] = dump_evaluation(evaluation)
    if not settings.compat:
        own = Segments(made.monitor.as_reference(state)).to_dict()
        files[ATTRIBUTIONS] = BaselineAttributions(
            made.monitor.features, made.monitor.labels, made.explainer.background, own
        ).dump()
    return Analysis(evaluation, files)


def _explained(
    settings: ClarifySettings, config: AnalysisConfig, dataset: Dataset, shap: ShapConfig, predictor: PredictorConfig
) -> Explained:
    loaded = load_predictor(settings, predictor)
    features = order_of(dataset.features, loaded.model)
    for batch in dataset.batches:
        require_codes(batch, features, loaded.levels)
    given = baseline_records(shap, config, dataset.features)
    places = [dataset.features.index(feature) for feature in features]
    clusters = {} if shap.num_clusters is None else {"background_records": shap.num_clusters}
    spec = ModelExplainabilitySpec(
        columns=SchemaSpec(features=features),
        baseline=tuple(tuple(record[place] for place in places) for record in given),
        use_logit=shap.use_logit,
        agg_method=shap.agg_method,
        num_samples=shap.num_samples,
        seed=shap.seed or 0,
        label_headers=predictor.label_headers,
        ndcg_threshold=shap.drift_threshold,
        min_rows=1,
        **clusters,
    )
    background = records(spec, features, loaded) or centres(spec, dataset.batches, features, loaded)
    return explained(spec, loaded, features, background, rows=dataset.rows, compat=settings.compat)
