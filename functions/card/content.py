"""The content of a model card with the latest run of a monitor and the model in service; pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from functions.card.evaluation import is_news, name_of
from functions.common.contract import Manifest
from functions.common.model_card import MAX_CONTENT, Content, is_ours


def with_run(
    content: Content, run: Manifest, evaluation: Mapping[str, Any], monitors: Collection[str], model_arn: str
) -> Content:
    """Return a card that shows a run, unless it is no news; what people wrote stays, and so do other monitors' runs.

    Parameters
    ----------
    evaluation : mapping
        The run as `evaluation_of` tells it.
    monitors : collection of str
        Those of today: evaluations of others go.
    model_arn : str
        The model in service: the Model Dashboard shows the card beside it. Empty where no endpoint is watched.
    """
    before = content.get("evaluation_details", ())
    if not is_news({one["name"]: one for one in before if is_ours(one)}.get(evaluation["name"]), run):
        return content
    kept = {name_of(monitor) for monitor in monitors}
    theirs = [one for one in before if not is_ours(one)]
    others = [one for one in before if is_ours(one) and one["name"] in kept - {evaluation["name"]}]
    ours = sorted([*others, evaluation], key=lambda one: str(one["name"]))
    named = {"model_overview": {**content.get("model_overview", {}), "model_id": model_arn}} if model_arn else {}
    fitting = (one for one in _shorter({**content, **named}, theirs, ours) if len(json.dumps(one)) <= MAX_CONTENT)
    return next(fitting, content)


def _shorter(content: Content, theirs: list[Any], ours: list[Any]) -> Iterator[Content]:
    """Yield the content, and then with less and less of our own, down to none of it."""
    brief = [{**one, "metric_groups": one.get("metric_groups", [])[:1]} for one in ours]
    named = [{key: one[key] for key in ("name", "metadata")} for one in ours]
    for told in (ours, brief, named, []):
        yield {**content, "evaluation_details": [*theirs, *told]}
