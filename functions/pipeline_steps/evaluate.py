"""Compare champion and challenger on the same held-out recent labels, and check the challenger against the champion.

``python -m functions.pipeline_steps.evaluate`` reads below ``--input``: ``holdout`` (from Prepare), ``scores`` (from
Score), ``champion`` and ``challenger`` (one ``model.tar.gz`` each), and in S3 what the endpoint's monitors of bias and
explainability look at. Writes ``evaluation/evaluation.json`` below ``--output``.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from functions.common.exit_message import explained
from functions.common.privileges import give_up_root
from functions.pipeline_steps.arguments import NONE, step_parser
from functions.pipeline_steps.checks import ChallengerCheck, check_attribution, check_bias
from functions.pipeline_steps.compare import compare, decide
from functions.pipeline_steps.holdout import HeldOut, as_batch, read_answers
from functions.pipeline_steps.metrics import measures_of
from functions.pipeline_steps.watched import read_watched
from monitoring_core.errors import NoDataError
from monitoring_core.spec import ModelBiasSpec, ModelExplainabilitySpec, ModelQualitySpec, MonitorSpec, ProblemType

MODELS: Final = ("champion", "challenger")


def main() -> None:
    """Compare, check, write; a failure's reason becomes the job's message."""
    options = _options()
    with explained(options.message):
        evaluate(options)


def evaluate(options: argparse.Namespace) -> None:
    """Do the step.

    Raises
    ------
    DataError
        If a label or an answer is unusable, or the metric undefined.
    ConfigError
        If the answers do not allow for the metric.
    """
    held = HeldOut.read(options.input / "holdout")
    answers = {
        name: read_answers(options.input / "scores" / f"{name}.csv", options.outputs.split(",")) for name in MODELS
    }
    quality = _quality(options)
    measures = (measures_of(quality, as_batch(held.columns(options.label, answers[name]))) for name in MODELS)
    result = compare(held.requests(), options.metric, *measures)
    checks = list(_checks(options, held, answers))
    why = {name: getattr(options, name) for name in ("incident_id", "evidence_uri", "min_improvement")}
    content = {
        **result,
        "checks": {"failed": sum(one.has_failed for one in checks), "results": [one.to_dict() for one in checks]},
        "decision": with_checks(decide(result, options.min_improvement), checks),
        **why,
    }
    target = options.output / "evaluation"
    target.mkdir(parents=True, exist_ok=True)
    (target / "evaluation.json").write_text(json.dumps(content, indent=1, allow_nan=False))


def with_checks(decision: dict[str, Any], checks: Sequence[ChallengerCheck]) -> dict[str, Any]:
    """Turn down a better challenger that has failed a check; the reason names the first.

    Examples
    --------
    >>> from monitoring_core.checks.evaluation import Outcome
    >>> unfair = ChallengerCheck("bias", Outcome.VIOLATED, 0.05, "unfairer: DPPL of sex=f is 0.310, before 0.120")
    >>> with_checks({"better": True, "reason": "AUC 0.75 vs 0.70 is better beyond chance"}, [unfair])["reason"]
    'AUC 0.75 vs 0.70 is better beyond chance, but unfairer: DPPL of sex=f is 0.310, before 0.120'
    """
    failed = [one.reason for one in checks if one.has_failed]
    if not decision["better"] or not failed:
        return decision
    return {**decision, "better": False, "reason": f"{decision['reason']}, but {failed[0]}"}


def _quality(options: argparse.Namespace) -> ModelQualitySpec:
    """Return how labels and answers are read: as the endpoint's monitor of model quality reads them."""
    given = {
        "inference_attribute": options.prediction,
        "probability_attribute": options.probability,
        "positive_label": options.positive_label,
    }
    return ModelQualitySpec(
        problem_type=options.problem,
        ground_truth_attribute=options.label,
        probability_threshold=options.probability_threshold,
        **{name: value for name, value in given.items() if value != NONE},
    )


def _checks(
    options: argparse.Namespace, held: HeldOut, answers: dict[str, dict[str, tuple[str, ...]]]
) -> Iterator[ChallengerCheck]:
    limits = {"model-bias": options.max_bias_increase, "model-explainability": options.min_ndcg}
    watched = read_watched(options.baselines, options.monitors)
    specs: dict[str, MonitorSpec] = {kind: one.spec for kind, one in watched.items() if limits.get(kind, NONE) != NONE}
    for spec in specs.values():
        match spec:
            case ModelBiasSpec():
                rows = (as_batch(held.columns(options.label, answers[name])) for name in MODELS)
                yield check_bias(spec, float(options.max_bias_increase), *rows)
            case ModelExplainabilitySpec():
                artifacts = (_artifact(options.input / name) for name in MODELS)
                yield check_attribution(spec, float(options.min_ndcg), as_batch(held.features), *artifacts)
            case _:
                pass


def _artifact(folder: Path) -> bytes:
    files = sorted(path for path in folder.iterdir() if path.is_file())
    if len(files) != 1:
        raise NoDataError(f"the {folder.name} must be one object, got {len(files)}; give the URI of its model.tar.gz")
    return files[0].read_bytes()


def _options() -> argparse.Namespace:
    parser = step_parser(__doc__)
    parser.add_argument("--problem", type=ProblemType, required=True, help=f"one of {', '.join(ProblemType)}")
    parser.add_argument("--metric", required=True, help="what decides, by the name that model quality gives it")
    parser.add_argument("--min-improvement", type=float, required=True, help="in the unit of the metric")
    parser.add_argument("--prediction", default=NONE, help="output that is the predicted class or number")
    parser.add_argument("--probability", default=NONE, help="output that is the probability of the positive class")
    parser.add_argument("--probability-threshold", type=float, required=True, help="a greater probability is positive")
    parser.add_argument("--positive-label", default=NONE, help=f"the positive class, {NONE}: the one that sorts last")
    parser.add_argument("--incident-id", required=True)
    parser.add_argument("--evidence-uri", required=True)
    parser.add_argument("--baselines", required=True, help="S3 URI of the baselines of the endpoint's monitors")
    parser.add_argument("--monitors", default=NONE, help="one monitor of each kind, comma separated")
    parser.add_argument("--max-bias-increase", default=NONE, help=f"limit of the check of bias, {NONE} for no check")
    parser.add_argument("--min-ndcg", default=NONE, help=f"limit of the check of attribution, {NONE} for no check")
    return parser.parse_args()


if __name__ == "__main__":
    give_up_root(os.environ)
    main()
