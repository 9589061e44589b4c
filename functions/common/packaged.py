"""Where the baselines lie that a model package brings along (`functions.pipeline_steps.baseline` makes them).

Below the package's ``baseline-uri`` lie whole baselines, one for each kind, with the specification each was made by,
and the held-out rows with the model's answers.
"""

from __future__ import annotations

from typing import Final

SPEC: Final = "spec.json"
"""Beside the files of a baseline: what it was made by."""
HOLDOUT: Final = "holdout.csv"
PREDICTED: Final = frozenset({"model-quality", "model-bias", "prediction-drift"})
"""Kinds that look at the model's answers, so their baselines are made of held-out rows."""
PACKAGED: Final = frozenset({"data-quality", "model-quality", "model-bias", "model-explainability"})
"""Kinds that the model registry has a place for."""


def sources_of(kind: str, dataset: str, baselines: str) -> dict[str, str]:
    """Return what a monitor's baseline is made of for a model of the registry; nothing where it names nothing.

    Parameters
    ----------
    kind : str
        Of the monitor.
    dataset, baselines : str
        ``training-data-uri`` and ``baseline-uri`` of the package, empty where it has none.

    Examples
    --------
    >>> sources_of("model-bias", "s3://b/training.csv", "s3://b/baseline")
    {'Packaged': 's3://b/baseline/model-bias/', 'Dataset': 's3://b/baseline/holdout.csv'}
    >>> sources_of("text", "s3://b/training.csv", "s3://b/baseline")
    {'Dataset': 's3://b/training.csv'}
    >>> sources_of("text", "", "")
    {}
    """
    packaged = {"Packaged": f"{baselines}/{kind}/"} if baselines and kind in PACKAGED else {}
    data = f"{baselines}/{HOLDOUT}" if baselines and kind in PREDICTED else dataset
    return {**packaged, **({"Dataset": data} if data else {})}
