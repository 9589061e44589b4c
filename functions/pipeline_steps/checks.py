"""Is the challenger fair, and does it decide by the same things? Held against the champion on the same held-out rows.

The endpoint's own monitors answer: the champion's results are their baseline, the challenger's a window.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from functions.pipeline_steps.compare import CONFIDENCE
from monitoring_core.artifacts import BaselineFiles, evaluate_window
from monitoring_core.checks.evaluation import Evaluation, Measurement, Outcome
from monitoring_core.dataset import Batch
from monitoring_core.errors import WatchkeeperError
from monitoring_core.explain.archive import find_model_file
from monitoring_core.kinds import GoodData, make_files
from monitoring_core.monitors.base import Baseline, judge, profile
from monitoring_core.monitors.model_bias.monitor import ModelBias
from monitoring_core.monitors.model_bias.state import BiasState
from monitoring_core.monitors.model_explainability.analysis import MODEL
from monitoring_core.monitors.model_explainability.monitor import NDCG
from monitoring_core.spec import ModelBiasSpec, ModelExplainabilitySpec

_Groups = dict[str, dict[str, float | None]]

EXPLAINED_ROWS: Final = 300
"""Held-out rows whose attributions are compared."""
MIN_EXPLAINED: Final = 30


@dataclass(frozen=True, slots=True)
class ChallengerCheck:
    """One check of the challenger, as ``evaluation.json`` holds it.

    Attributes
    ----------
    reason : str
        Why it failed, or was not evaluated.
    figures : mapping
        What was measured; null is undefined.
    """

    check: str
    outcome: Outcome
    limit: float
    reason: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has_failed(self) -> bool:
        """Whether it speaks against the challenger."""
        return self.outcome is Outcome.VIOLATED

    def to_dict(self) -> dict[str, Any]:
        """Return it in plain values."""
        return asdict(self)


def check_bias(spec: ModelBiasSpec, limit: float, champion: Batch, challenger: Batch) -> ChallengerCheck:
    """Check that the challenger is not further from parity than the champion, by more than a limit and beyond chance.

    Parameters
    ----------
    spec : ModelBiasSpec
        Facets, metrics, and the least rows of a group. Bounds of its own are for windows; they are not looked at.
    limit : float
        By how much a metric may be further from parity; that of DI on the logarithmic scale.
    champion, challenger : Batch
        The same rows, with the answers of each.
    """
    compared = {"tolerance": limit, "confidence": CONFIDENCE, "limits": {}, "segments": ()}
    monitor = ModelBias(spec.model_copy(update=compared))
    try:
        found = monitor.measure(profile(monitor, [champion]))
        fixed = [replace(one, interval=None) for one in found]  # the rows are the same: chance is counted once
        against = Baseline(BiasState(), monitor.constraints(fixed))
        evaluation = judge(monitor, profile(monitor, [challenger]), against)
    except WatchkeeperError as error:
        return ChallengerCheck("bias", Outcome.NOT_EVALUATED, limit, str(error))
    before, after = _by_group(found), _by_group(evaluation.measurements)
    figures = {group: {"champion": before[group], "challenger": after.get(group, {})} for group in before}
    reason = "; ".join(_unfairer(evaluation, before)) or _undecided(evaluation)
    return ChallengerCheck("bias", evaluation.outcome, limit, reason, figures)


def check_attribution(
    spec: ModelExplainabilitySpec, limit: float, rows: Batch, champion: bytes, challenger: bytes
) -> ChallengerCheck:
    """Check that both models rank the features alike: the NDCG of the challenger's attributions is not below a limit.

    Parameters
    ----------
    limit : float
        In (0, 1]; only an NDCG whose whole interval is below it fails.
    champion, challenger : bytes
        Artifacts, ``model.tar.gz`` or a model file.
    """
    compared = spec.model_copy(
        update={"ndcg_threshold": limit, "segments": (), "max_rows": EXPLAINED_ROWS, "min_rows": MIN_EXPLAINED}
    )
    try:
        before, after = (
            find_model_file(data, f"the {name}") for name, data in (("champion", champion), ("challenger", challenger))
        )
        files, _ = make_files(compared, GoodData([[rows]], before))
        result = evaluate_window(compared, [rows], BaselineFiles({**files, MODEL: after}))
    except WatchkeeperError as error:
        return ChallengerCheck("attribution", Outcome.NOT_EVALUATED, limit, str(error))
    scores = [one.value for one in result.evaluation.measurements if one.metric == NDCG]
    outcome = result.evaluation.outcome
    reason = (
        f"decides by other features: NDCG {min(scores):.3f} < {limit:g}"
        if outcome is Outcome.VIOLATED
        else _undecided(result.evaluation)
    )
    return ChallengerCheck("attribution", outcome, limit, reason, {"ndcg": [_known(score) for score in scores]})


def _unfairer(evaluation: Evaluation, before: _Groups) -> Iterator[str]:
    for one in evaluation.violations:
        metric, group = one.constraint.metric, one.constraint.subject.column
        value, was = (math.nan if one.measurement is None else one.measurement.value), before[group][metric]
        yield f"unfairer: {metric} of {group} is {value:.3f}, the champion's {math.inf if was is None else was:.3f}"


def _undecided(evaluation: Evaluation) -> str:
    """Return why nothing was decided; nothing where something was."""
    if evaluation.outcome is not Outcome.NOT_EVALUATED:
        return ""
    return next((check.reason for check in evaluation.checks if check.reason), "nothing could be measured")


def _by_group(measurements: Iterable[Measurement]) -> _Groups:
    groups: _Groups = {}
    for one in measurements:
        groups.setdefault(one.subject.column, {})[one.metric] = _known(one.value)
    return groups


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
