"""Captured or merged records as the data set of a scheduled Clarify job."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from functions.analyzer.clarify.config import AnalysisConfig
from functions.analyzer.clarify.settings import ClarifySettings
from functions.analyzer.clarify.tables import Table
from functions.analyzer.data_format import MergeFormat, read_batches
from monitoring_core.dataset.batch import Batch
from monitoring_core.dataset.quarantine import Quarantine
from monitoring_core.errors import ColumnNotFoundError, ConfigError, DataError

LABEL = "ground_truth"


def read_records(
    settings: ClarifySettings, config: AnalysisConfig, files: Sequence[Path], quarantine: Quarantine
) -> Table:
    """Read records; `headers` names the features in the order of the request.

    The environment's ``inference_attribute`` and ``probability_attribute`` say which column of the answer is what, by
    position or name; without them its first column is the predicted label.

    Raises
    ------
    ConfigError
        If the configuration has no headers.
    DataError
        If there are fewer columns than features.
    """
    if settings.dataset_format is None or config.headers is None:
        raise ConfigError("analysis_config.json needs headers: captured records have no names")
    label = str(config.label) if isinstance(config.label, str) and config.label in config.headers else LABEL
    features = tuple(name for name in config.headers if name != label)
    has_label = isinstance(settings.dataset_format, MergeFormat)
    read = read_batches(settings.dataset_format, files, names=(), window=settings.window, quarantine=quarantine)
    batches, outputs = [], 0
    for batch in read:
        outputs = len(batch.columns) - len(features) - has_label
        if outputs < 0:
            raise DataError(f"a record has {len(batch.columns)} columns, but headers names {len(features)} features")
        answers = list(batch.columns)[:outputs]
        names = [*answers, *features, *([label] if has_label else [])]
        batches.append(Batch(dict(zip(names, batch.columns.values(), strict=True))))
    answers = list(batches[0].columns)[:outputs] if batches else []
    predicted, probability = settings.inference_attribute, settings.probability_attribute
    if predicted is None and probability is None and answers:
        predicted = "0"
    return Table(
        batches,
        label if has_label else None,
        _answer(predicted, answers) if probability is None else None,
        _answer(probability, answers),
        features,
    )


def _answer(attribute: str | None, answers: Sequence[str]) -> str | None:
    if attribute is None:
        return None
    if attribute.isdigit() and int(attribute) < len(answers):
        return answers[int(attribute)]
    if attribute in answers:
        return attribute
    raise ColumnNotFoundError(attribute, answers)
