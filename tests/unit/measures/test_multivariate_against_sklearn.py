"""The multivariate measures agree with scikit-learn's building blocks."""

from __future__ import annotations

import numpy as np
import pytest

from monitoring_core.measures.domain_classifier import domain_classifier_auc, rank_auc
from monitoring_core.measures.kernel import maximum_mean_discrepancy

linear_model = pytest.importorskip("sklearn.linear_model")
metrics = pytest.importorskip("sklearn.metrics")
model_selection = pytest.importorskip("sklearn.model_selection")
pairwise = pytest.importorskip("sklearn.metrics.pairwise")


def test_rank_auc() -> None:
    random = np.random.default_rng(0)
    negatives, positives = random.integers(0, 9, 80).astype(np.float64), random.integers(2, 11, 60).astype(np.float64)
    labels, scores = np.repeat([0, 1], [80, 60]), np.concatenate([negatives, positives])
    assert rank_auc(negatives, positives) == pytest.approx(metrics.roc_auc_score(labels, scores))


@pytest.mark.parametrize("shift", [0.0, 0.5, 1.5])
def test_domain_classifier(shift: float) -> None:
    random = np.random.default_rng(0)
    a, b = random.normal(size=(300, 5)), random.normal(shift, 1, size=(200, 5))
    rows, labels = np.concatenate([a, b]), np.repeat([0, 1], [300, 200])
    features = np.column_stack([rows, np.square(rows)])
    theirs = model_selection.cross_val_score(
        linear_model.LogisticRegression(max_iter=1000),
        features,
        labels,
        scoring="roc_auc",
        cv=model_selection.StratifiedKFold(5, shuffle=True, random_state=0),
    ).mean()
    assert domain_classifier_auc(a, b)[0] == pytest.approx(theirs, abs=0.04)


def test_maximum_mean_discrepancy() -> None:
    random = np.random.default_rng(0)
    a, b = random.normal(size=(40, 3)), random.normal(0.4, 1, size=(30, 3))
    both = np.concatenate([a, b])
    squares = pairwise.euclidean_distances(both, squared=True)
    kernel = pairwise.rbf_kernel(both, gamma=1 / (2 * np.median(squares[np.triu_indices(70, k=1)])))
    np.fill_diagonal(kernel, 0.0)
    within = kernel[:40, :40].sum() / (40 * 39) + kernel[40:, 40:].sum() / (30 * 29)
    assert maximum_mean_discrepancy(a, b)[0] == pytest.approx(within - 2 * kernel[:40, 40:].mean())
