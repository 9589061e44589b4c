"""``attributions.json``: what a later window needs to be explained as the baseline was, beside Clarify's file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import msgspec
import numpy as np

from monitoring_core.errors import BaselineError
from monitoring_core.explain.background import Background

NAME: Final = "attributions.json"


@dataclass(frozen=True, slots=True, eq=False)
class BaselineAttributions:
    """State and SHAP baseline of good data.

    Attributes
    ----------
    state : mapping
        As the monitor's state writes itself.
    """

    features: tuple[str, ...]
    labels: tuple[str, ...]
    background: Background
    state: Mapping[str, Any]

    def dump(self) -> bytes:
        """Write the file."""
        return msgspec.json.encode(
            {
                "version": 1,
                "features": self.features,
                "labels": self.labels,
                "baseline": [[_or_none(value) for value in row] for row in self.background.rows.tolist()],
                "weights": self.background.weights.tolist(),
                "state": self.state,
            }
        )

    @classmethod
    def load(cls, data: bytes) -> Self:
        """Read what `dump` wrote.

        Raises
        ------
        BaselineError
            If it is something else.
        """
        try:
            document = msgspec.json.decode(data, type=dict[str, Any])
            rows = np.array(document["baseline"], dtype=np.float64)  # null becomes nan
            background = Background(rows, np.array(document["weights"], dtype=np.float64))
            return cls(tuple(document["features"]), tuple(document["labels"]), background, document["state"])
        except (msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
            raise BaselineError(f"{NAME} cannot be read: {error!r}; make the baseline again") from error


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else value
