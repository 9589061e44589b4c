"""A model card in SageMaker: read, changed, and changed again where somebody else was faster."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from functions.common.clients import client
from monitoring_core.errors import WatchkeeperError

Content = Mapping[str, Any]

MAX_CONTENT: Final = 100_000
"""Characters that a card may have."""
RUN: Final = "run_id"
"""Names, in the metadata of an evaluation, the run that it is of: evaluations that have it are ours."""
_ATTEMPTS: Final = 5


class CardNotChangedError(WatchkeeperError):
    """Others changed the card all the time."""


@dataclass(frozen=True, slots=True)
class Card:
    """One version of a card."""

    version: int
    content: Content
    is_archived: bool


def is_ours(evaluation: Mapping[str, Any]) -> bool:
    """Tell whether an evaluation was written for a run."""
    return RUN in evaluation.get("metadata", {})


def change_card(name: str, change: Callable[[Content], Content]) -> bool:
    """Change the content of a card; return whether anything had to be. A card that is archived stays as it is.

    SageMaker takes what it is given for the next version, whatever is there. So the versions are looked at afterwards:
    where somebody else wrote one in between, the change is made once more, on theirs.

    Parameters
    ----------
    change : callable
        From content to content; changes nothing in what it has changed before.

    Raises
    ------
    CardNotChangedError
        If it was overtaken five times.
    """
    latest = _read(name)
    base = _restored(name, latest)
    for attempt in range(_ATTEMPTS):
        wanted = change(base)
        if latest.is_archived or wanted == latest.content:
            return attempt > 0
        client("sagemaker").update_model_card(ModelCardName=name, Content=json.dumps(wanted))
        ours, latest = latest.version + 1, _read(name)
        if latest.content != wanted:
            base = latest.content
        elif latest.version != ours:
            base = _read(name, latest.version - 1).content
        else:
            return True
    raise CardNotChangedError(f"model card {name} is changed by others all the time; the next run tries again")


def _read(name: str, version: int | None = None) -> Card:
    told = client("sagemaker").describe_model_card(
        ModelCardName=name, **({"ModelCardVersion": version} if version else {})
    )
    return Card(told["ModelCardVersion"], json.loads(told["Content"]), told.get("ModelCardStatus") == "Archived")


def _restored(name: str, latest: Card) -> Content:
    """Return the content of a card; where a deployment of the stack wrote it anew, with what the version before had.

    The template knows nothing of runs and people, and CloudFormation writes all of the content. That our evaluations
    are gone tells such a version.
    """
    if latest.version == 1 or _has_ours(latest.content):
        return latest.content
    before = _read(name, latest.version - 1).content
    return with_missing(latest.content, before) if _has_ours(before) else latest.content


def _has_ours(content: Content) -> bool:
    return any(map(is_ours, content.get("evaluation_details", ())))


def with_missing(content: Content, before: Content) -> Content:
    """Return the content with what only the one before has.

    Examples
    --------
    >>> with_missing({"a": {"x": 1}}, {"a": {"x": 2, "y": 3}, "b": 4})
    {'a': {'x': 1, 'y': 3}, 'b': 4}
    """
    found = dict(content)
    for key, value in before.items():
        if isinstance(value, Mapping) and isinstance(found.get(key), Mapping):
            found[key] = with_missing(found[key], value)
        else:
            found.setdefault(key, value)
    return found
