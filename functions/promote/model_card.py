"""Keeps the model card saying which model is in service."""

from __future__ import annotations

import json
from typing import Any, Final

from functions.common.clients import client
from functions.promote.record import Champion

_IN_SERVICE: Final = "Version in service"
_EVALUATION: Final = "Evaluation of the version in service"
_MAX_ARTIFACTS: Final = 15


def update_card(name: str, champion: Champion, evaluation_uri: str) -> None:
    """Write model, version, time and evaluation of the champion into a card, unless it says so already."""
    card = client("sagemaker").describe_model_card(ModelCardName=name)
    content: dict[str, Any] = json.loads(card["Content"])
    wanted = in_service(content, champion, evaluation_uri)
    if wanted != content:
        client("sagemaker").update_model_card(ModelCardName=name, Content=json.dumps(wanted))


def in_service(content: dict[str, Any], champion: Champion, evaluation_uri: str) -> dict[str, Any]:
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
    return {
        **content,
        **({"evaluation_details": evaluations} if evaluations or "evaluation_details" in content else {}),
        "model_overview": {**overview, "model_artifact": [champion.identity, *others][:_MAX_ARTIFACTS]},
        "additional_information": {**more, "custom_details": details},
    }
