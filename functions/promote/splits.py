"""How an experiment has decided to split the traffic: its own weights are no unapproved change."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.common.storage import list_folders, list_objects, read, read_if_present
from functions.promote.identity import Weights

_IN_FORCE = "in force"


@dataclass(frozen=True, slots=True)
class _Decision:
    """A step of an experiment that changes weights (docs/interfaces.md, "Experiments")."""

    at: datetime
    config_name: str
    previous: Weights
    weights: Weights
    mark: str

    def splits(self) -> list[Weights]:
        """Return which weights the endpoint may have after it: until it is marked, those before it, too."""
        done = read_if_present(self.mark)
        if done is None:
            return [self.previous, self.weights]
        return [self.weights] if json.loads(done)["done"] == _IN_FORCE else [self.previous]


def decided_splits(prefix: str, config_name: str, since: datetime) -> list[Weights]:
    """Return the weights that the last experiment has decided on; none where none has changed any.

    Parameters
    ----------
    prefix : str
        ``s3://.../experiments/<endpoint>/``.
    config_name : str
        Experiments on another endpoint configuration say nothing.
    since : datetime
        Neither do decisions before this.
    """
    found = (one for experiment in list_folders(prefix) for one in _decisions(experiment))
    mine = [one for one in found if one.config_name == config_name and one.at >= since]
    return max(mine, key=lambda one: one.at).splits() if mine else []


def _decisions(experiment: str) -> Iterator[_Decision]:
    for item in list_objects(f"{experiment}steps/"):
        step: Mapping[str, Any] = json.loads(read(item.uri))
        weights, previous = step["standing"]["weights"], step["previous"]
        if weights != previous:
            mark = f"{experiment}marks/{step['number']:04d}-weights-set.json"
            yield _Decision(datetime.fromisoformat(step["at"]), step["config_name"], previous, weights, mark)
