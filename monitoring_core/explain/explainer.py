"""Explainer: a model, what "absent" means, and in which units its scores are explained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self, TypeGuard

from monitoring_core.errors import ConfigError
from monitoring_core.explain.background import Background
from monitoring_core.explain.explanation import Explanation
from monitoring_core.explain.kernel_shap import kernel_shap
from monitoring_core.explain.linear import LinearModel
from monitoring_core.explain.model import Floats, Link, Model
from monitoring_core.explain.tree_shap import explain_against_background
from monitoring_core.explain.trees import TreeEnsemble

EXACT_FEATURES: Final = 14
"""A linear model is asked about all coalitions of up to so many features: that costs next to nothing."""

MAX_MODEL_ROWS: Final = 10_000_000
"""Default budget: rows of features that the model may be asked about."""

MIN_RECORDS: Final = 10
"""A background is not summarised to fewer records than this."""


RawModel = LinearModel | TreeEnsemble
"""Models whose raw scores have Shapley values in closed form."""


@dataclass(frozen=True, slots=True, eq=False)
class Explainer:
    """Explains rows; make one with `Explainer.of`.

    Raw scores of trees and linear models have closed forms. They are taken where the raw score is what is explained:
    always without `use_logit`'s say (None), for log-odds (True) of a logistic model, and for outputs (False) of a
    model without a link. Everything else is KernelSHAP.

    Attributes
    ----------
    use_logit : bool or None
        True explains log-odds, False the model's outputs (AWS's default), None its raw scores where the model file has
        them (log-odds, log-rates ...), else its outputs.
    num_samples : int
        Coalitions that KernelSHAP asks about.
    """

    model: Model
    background: Background
    use_logit: bool | None = None
    num_samples: int = 0
    seed: int = 0

    @classmethod
    def of(
        cls,
        model: Model,
        background: Background,
        *,
        rows: int,
        use_logit: bool | None = None,
        num_samples: int | None = None,
        seed: int = 0,
        max_model_rows: int = MAX_MODEL_ROWS,
    ) -> Self:
        """Make an explainer that keeps within a budget.

        Parameters
        ----------
        model : Model
        background : Background
        rows : int
            How many rows will be explained.
        use_logit : bool, optional
        num_samples : int, optional
            Coalitions per row; default ``2 * n_features + 2048`` as AWS, at most all there are. Trees and linear models
            of a file may be asked about more, since that costs little.
        seed : int
        max_model_rows : int
            Rows of features that a model without a closed form may be asked about. Where that is too few, the
            background is summarised, at most down to 10 records; then fewer coalitions are taken.

        Raises
        ------
        ConfigError
            If even 2 coalitions per feature and row are too many.
        """
        features = background.rows.shape[1]
        samples = _samples(model, features, num_samples)
        if not isinstance(model, LinearModel) and not _is_exact(model, use_logit):
            records = max(min(MIN_RECORDS, len(background)), max_model_rows // max(1, rows * samples))
            background = background.summarise(records, seed=seed)
            samples = min(samples, max_model_rows // max(1, rows * len(background)))
            if samples < min(2 * features, (1 << features) - 2):
                needed = rows * len(background) * 2 * features
                raise ConfigError(
                    f"explaining {rows} rows of {features} features against {len(background)} records needs at least "
                    f"{needed} model rows, the budget is {max_model_rows}; explain fewer rows, give a smaller "
                    "baseline, or raise the budget"
                )
        return cls(model, background, use_logit, samples, seed)

    def explain(self, rows: Floats) -> Explanation:
        """Return the Shapley values of rows; each row's depend on nothing but the row."""
        if _is_exact(self.model, self.use_logit):
            if isinstance(self.model, LinearModel):
                return self.model.explain_raw(rows, self.background)
            return explain_against_background(self.model, rows, self.background)
        return kernel_shap(
            self.model,
            rows,
            self.background,
            num_samples=self.num_samples,
            use_logit=bool(self.use_logit),
            seed=self.seed,
        )


def _is_exact(model: Model, use_logit: bool | None) -> TypeGuard[RawModel]:  # noqa: FBT001 - as in the class
    if not isinstance(model, RawModel):
        return False
    if use_logit is None:
        return True
    return model.link is (Link.LOGISTIC if use_logit else Link.IDENTITY)


def _samples(model: Model, features: int, given: int | None) -> int:
    every, usual = (1 << features) - 2, 2 * features + 2048
    if isinstance(model, LinearModel):
        return min(1 << EXACT_FEATURES, every)
    if isinstance(model, TreeEnsemble):
        return min(max(given or 0, usual), every)
    return min(max(given or usual, 2 * features), every)
