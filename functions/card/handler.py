"""Lambda handler: after a run, the model card shows it, once a day and whenever the verdict has changed."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.card.content import with_run
from functions.card.evaluation import evaluation_of
from functions.card.served import served_model
from functions.card.settings import CardSettings
from functions.common.contract import Manifest, MonitorRunCompleted
from functions.common.model_card import Content, change_card
from functions.common.storage import MANIFEST, read
from monitoring_core.checks.codec import load_evaluation
from monitoring_core.checks.evaluation import Evaluation

logger = Logger(service="card")
tracer = Tracer(service="card")

_EVALUATION = "evaluation.json"


@logger.inject_lambda_context
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:  # noqa: ARG001 - Lambda's signature
    """Show a run that has a verdict; the same event again, or a late one, changes nothing."""
    settings = CardSettings.from_environment()
    told = MonitorRunCompleted.model_validate(event["detail"])
    if told.manifest is None or not told.status.is_verdict or told.monitor not in settings.monitors:
        logger.info("nothing to show", extra={"run_id": told.run_id, "status": told.status})
        return {}
    run = Manifest.model_validate_json(read(told.manifest))
    evaluation = evaluation_of(run, told.manifest, _evaluation(run, told.manifest))
    model = served_model(settings.endpoint, settings.variant) if settings.endpoint else ""

    def shown(content: Content) -> Content:
        return with_run(content, run, evaluation, settings.monitors, model)

    changed = change_card(settings.model_card, shown)
    logger.info("shown" if changed else "no news", extra={"run_id": run.run_id, "card": settings.model_card})
    return {"run_id": run.run_id} if changed else {}


def _evaluation(run: Manifest, uri: str) -> Evaluation | None:
    if _EVALUATION not in run.files:
        return None
    return load_evaluation(read(uri.removesuffix(MANIFEST) + _EVALUATION))
