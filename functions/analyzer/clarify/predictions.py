"""What the model answers, where metrics after training need it and the data set does not hold it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from functions.analyzer.clarify.config import AnalysisConfig
from functions.analyzer.clarify.dataset import Dataset
from functions.analyzer.clarify.explain_config import PredictorConfig, predictor_config
from functions.analyzer.clarify.predictor import load_predictor
from functions.analyzer.clarify.settings import ClarifySettings
from monitoring_core.dataset.batch import Batch, Column, TypeCode
from monitoring_core.dataset.types import column_from_texts
from monitoring_core.errors import ConfigError
from monitoring_core.explain.encode import encode, order_of, require_codes
from monitoring_core.explain.model import Floats

ANSWER: Final = "model answer"


def with_predictions(settings: ClarifySettings, config: AnalysisConfig, dataset: Dataset) -> Dataset:
    """Return the data set with the model's answer to every row, if it is needed.

    One score is the probability of the positive label; of several, the largest gives the predicted label: its name in
    ``predictor.label_headers``, or its position. An endpoint of which only ``predictor.label`` is known answers with
    labels. A data set that holds predictions is left alone.

    Raises
    ------
    ConfigError
        If there is no model.
    DataError
        If the data cannot be given to the model.
    """
    if config.methods.post_training_bias is None or dataset.has_predictions:
        return dataset
    predictor = predictor_config(config)
    try:
        loaded = load_predictor(settings, predictor)
    except ConfigError as error:
        raise ConfigError(
            "post_training_bias needs predictions: name a column of the data set in predicted_label or probability, "
            f"or give the model. {error}"
        ) from error
    features = order_of(dataset.features, loaded.model)
    answers = []
    for batch in dataset.batches:
        require_codes(batch, features, loaded.levels)
        answers.append(loaded.model.predict(encode(batch, features, loaded.levels)))
    batches = tuple(
        Batch({**batch.columns, ANSWER: _column(scores, predictor)})
        for batch, scores in zip(dataset.batches, answers, strict=True)
    )
    if answers[0].shape[1] == 1 and not _answers_with_labels(predictor):
        return replace(dataset, batches=batches, probability=ANSWER)
    return replace(dataset, batches=batches, predicted_label=ANSWER)


def _answers_with_labels(predictor: PredictorConfig) -> bool:
    is_endpoint = predictor.model_file is None and predictor.endpoint_name is not None
    return is_endpoint and predictor.label is not None and predictor.probability is None


def _column(scores: Floats, predictor: PredictorConfig) -> Column:
    if scores.shape[1] == 1:
        return _numbers(scores[:, 0])
    names = predictor.label_headers or tuple(map(str, range(scores.shape[1])))
    if len(names) != scores.shape[1]:
        raise ConfigError(
            f"predictor.label_headers names {len(names)} outputs, the model has {scores.shape[1]}; name each, or none"
        )
    return column_from_texts([names[place] for place in scores.argmax(axis=1)])


def _numbers(values: NDArray[np.float64]) -> Column:
    codes = np.where(np.isnan(values), TypeCode.MISSING, TypeCode.FRACTIONAL)
    return Column(codes.astype(np.uint8), values)
