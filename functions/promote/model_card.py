"""Keeps the model card saying which model is in service."""

from __future__ import annotations

from typing import Final

from functions.common.clients import client
from functions.common.model_card import Content, change_card
from functions.promote.record import Champion

_IN_SERVICE: Final = "Version in service"
_EVALUATION: Final = "Evaluation of the version in service"
_MAX_ARTIFACTS: Final = 15


def update_card(name: str, champion: Champion, evaluation_uri: str) -> None:
    """Write model, version, time and evaluation of the champion into a card, unless it says so already."""
    model_arn = str(client("sagemaker").describe_model(ModelName=champion.model_name)["ModelArn"])
    change_card(name, lambda content: in_service(content, champion, evaluation_uri, model_arn))


def in_service(content: Content, champion: Champion, evaluation_uri: str, model_arn: str) -> Content:
    """Return the content of a card with the champion first among its artifacts; what people wrote stays."""
    overview, more = content.get("model_overview", {}), content.get("additional_information", {})
    others = [artifact for artifact in overview.get("model_artifact", ()) if artifact != champion.identity]
    version = f"version {champion.version}" if champion.version is not None else champion.identity
    details = {
        **more.get("custom_details", {}),
        _IN_SERVICE: f"{version}, since {champion.since:%Y-%m-%d %H:%M} UTC, {champion.deployment_id}",
    }
    evaluations = [one for one in content.get("evaluation_details", ()) if one["name"] != _EVALUATION]
    if evaluation_uri:
        evaluations.append({"name": _EVALUATION, "evaluation_observation": f"{version}: see {evaluation_uri}"})
    artifacts = [champion.identity, *others][:_MAX_ARTIFACTS]
    return {
        **content,
        **({"evaluation_details": evaluations} if evaluations or "evaluation_details" in content else {}),
        "model_overview": {**overview, "model_id": model_arn, "model_artifact": artifacts},
        "additional_information": {**more, "custom_details": details},
    }
