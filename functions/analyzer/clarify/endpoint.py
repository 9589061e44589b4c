"""A model behind an endpoint that exists already: batches of rows out, scores back."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, Final

import jmespath
import numpy as np
from numpy.typing import NDArray

from functions.analyzer.clarify.explain_config import PredictorConfig
from functions.common.clients import client
from monitoring_core.errors import ConfigError, DataError

Floats = NDArray[np.float64]

MAX_BYTES: Final = 4_000_000
"""Of one request; the platform takes 6 MB."""
MAX_ROWS: Final = 10_000
"""Of one request: it must be answered within 60 seconds."""


class Endpoint:
    """Asks the endpoint that `predictor.endpoint_name` names; nothing is deployed.

    Requests are CSV, or JSON made of ``content_template`` and ``record_template`` as Clarify makes them. In CSV
    answers `probability`, or else `label`, is the position of the score; in JSON answers the expression that finds it.

    Raises
    ------
    ConfigError
        If a template lacks its placeholder.
    """

    def __init__(self, predictor: PredictorConfig) -> None:
        self._predictor = predictor
        self._content_type = predictor.content_type or "text/csv"
        self._accept = predictor.accept_type or self._content_type
        self._score = predictor.label if predictor.probability is None else predictor.probability
        if self._content_type != "text/csv":
            template, needed = predictor.content_template or "", ("$features", "$records")
            if not any(name in template for name in needed):
                raise ConfigError(
                    f"predictor.content_template: {self._content_type} needs one with {' or '.join(needed)}, "
                    f'got {template!r}; for example {{"features": $features}}'
                )
        self._client = client("sagemaker-runtime")

    def __call__(self, rows: Floats) -> Floats:
        """Return scores, shape (n_rows,) or (n_rows, n_scores)."""
        return np.concatenate([self._ask(part) for part in self._parts(rows)]) if len(rows) else np.empty((0, 1))

    def _parts(self, rows: Floats) -> Iterator[Floats]:
        width = 1 + max(len(self._body(rows[:1])), 1)
        step = max(1, min(MAX_ROWS, MAX_BYTES // (2 * width)))
        for start in range(0, len(rows), step):
            yield rows[start : start + step]

    def _ask(self, rows: Floats) -> Floats:
        predictor = self._predictor
        optional = {"TargetModel": predictor.target_model, "CustomAttributes": predictor.custom_attributes}
        answer = self._client.invoke_endpoint(
            EndpointName=predictor.endpoint_name,
            ContentType=self._content_type,
            Accept=self._accept,
            Body=self._body(rows),
            **{name: value for name, value in optional.items() if value is not None},
        )
        text = answer["Body"].read().decode()
        try:
            scores = np.array(self._scores(text), dtype=np.float64)
        except (ValueError, TypeError, IndexError) as error:
            raise DataError(
                f"endpoint {predictor.endpoint_name} answered {text[:200]!r}, in which no scores were found "
                f"({error!r}); say in predictor.label where they are"
            ) from error
        if len(scores) != len(rows):
            raise DataError(
                f"endpoint {predictor.endpoint_name} answered {len(rows)} rows with {len(scores)} scores: "
                f"{text[:200]!r}"
            )
        return scores

    def _body(self, rows: Floats) -> bytes:
        if self._content_type == "text/csv":
            return "\n".join(",".join(map(_text, row)) for row in rows.tolist()).encode()
        template = self._predictor.content_template or ""
        records = [
            json.dumps([None if math.isnan(value) else _number(value) for value in row]) for row in rows.tolist()
        ]
        if "$records" not in template:
            return "\n".join(template.replace("$features", record) for record in records).encode()
        each = self._predictor.record_template or "$features"
        joined = ",".join(each.replace("$features", record) for record in records)
        return template.replace("$records", f"[{joined}]").encode()

    def _scores(self, text: str) -> list[Any]:
        if self._accept == "text/csv":
            lines = [line for line in text.replace("\r", "").split("\n") if line.strip()]
            cells = [[float(cell) for cell in line.split(",")] for line in lines]
            return [row[self._score] for row in cells] if isinstance(self._score, int) else cells
        expression = jmespath.compile(str(self._score or "@"))
        if self._accept == "application/jsonlines":
            return [expression.search(json.loads(line)) for line in text.splitlines() if line.strip()]
        found: list[Any] = expression.search(json.loads(text))
        return found


def _text(value: float) -> str:
    return "" if math.isnan(value) else str(_number(value))


def _number(value: float) -> float:
    """Codes and counts stay without a point, as they were sent when the model was trained."""
    return int(value) if value.is_integer() and abs(value) < 2**53 else value
