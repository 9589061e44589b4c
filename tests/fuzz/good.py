"""Good capture records of every kind."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from random import Random
from typing import Any

NAMES = ("", "ab", "Zürich", "日本", '"quoted"', "a,b", "line\nbreak", "\\", "é" * 40)


@dataclass
class Good:
    """A good record before it is written; mutations change it."""

    document: dict[str, Any]
    ids: tuple[int, ...]

    def write(self, random: Random) -> bytes:
        separators = (",", ":") if random.random() < 0.8 else (", ", ": ")
        return json.dumps(self.document, separators=separators, ensure_ascii=random.random() < 0.7).encode()

    @property
    def request(self) -> dict[str, Any]:
        return self.document["captureData"]["endpointInput"]  # type: ignore[no-any-return]

    @property
    def answer(self) -> dict[str, Any]:
        return self.document["captureData"]["endpointOutput"]  # type: ignore[no-any-return]

    @property
    def metadata(self) -> dict[str, Any]:
        return self.document["eventMetadata"]  # type: ignore[no-any-return]


def make_good(random: Random, number: int) -> Good:
    """Return a record whose rows have the ids `number`, `number` + 1 ..."""
    n_rows = 1 if random.random() < 0.85 else random.randint(2, 5)
    rows = [[number + i, random.choice((1, -2.5, 1e300, 0.1)), random.choice(NAMES)] for i in range(n_rows)]
    metadata: dict[str, Any] = {
        "eventId": f"00000000-0000-4000-8000-{number:012}",
        "inferenceTime": f"2024-01-01T00:{random.randint(0, 59):02}:{random.randint(0, 59):02}Z",
    }
    if random.random() < 0.3:
        metadata["inferenceId"] = f"order-{number}"
    if random.random() < 0.1:
        metadata["customAttributes"] = ["trace=1", "tenant=ü"]
    sides = {"endpointInput": _request(random, rows), "endpointOutput": _answer(random, n_rows)}
    document: dict[str, Any] = {"captureData": sides, "eventMetadata": metadata, "eventVersion": "0"}
    if random.random() < 0.1:
        document = dict(reversed(document.items())) | {"newKey": [{"of": "a later version"}]}
    return Good(document, tuple(range(number, number + n_rows)))


def side(data: str, encoding: str, content_type: str | None) -> dict[str, Any]:
    return {"observedContentType": content_type, "mode": "INPUT", "data": data, "encoding": encoding}


def _request(random: Random, rows: list[list[Any]]) -> dict[str, Any]:
    return random.choice(REQUESTS)(random, rows)


def _csv(random: Random, rows: list[list[Any]]) -> dict[str, Any]:
    end = random.choice(("\n", "\r\n"))
    return side(end.join([_csv_row(row) for row in rows]) + random.choice(("", end)), "CSV", "text/csv")


def _csv_row(row: list[Any]) -> str:
    number, x, name = row[0], row[1], str(row[2])
    needs_quotes = any(character in name for character in ',\n"')
    return f"{number},{x!r}," + ('"' + name.replace('"', '""') + '"' if needs_quotes else name)


def _json_lists(random: Random, rows: list[list[Any]]) -> dict[str, Any]:
    return side(json.dumps(random.choice((rows, {"instances": rows}))), "JSON", "application/json")


def _json_objects(random: Random, rows: list[list[Any]]) -> dict[str, Any]:
    objects = [dict(random.sample(list(zip(("id", "x", "name"), row, strict=True)), 3)) for row in rows]
    return side(json.dumps({"instances": objects}, ensure_ascii=random.random() < 0.5), "JSON", "application/json")


def _json_lines(random: Random, rows: list[list[Any]]) -> dict[str, Any]:
    lines = [json.dumps({"features": row}) for row in rows]
    return side("\n".join(lines) + random.choice(("", "\n")), "JSON", "application/jsonlines")


def _base64(random: Random, rows: list[list[Any]]) -> dict[str, Any]:
    plain = random.choice((_csv, _json_objects))(random, rows)
    data = base64.b64encode(plain["data"].encode()).decode()
    return side(data, "BASE64", random.choice((plain["observedContentType"] + "; charset=utf-8", None)))


REQUESTS = (_csv, _csv, _csv, _json_lists, _json_objects, _json_lines, _base64)


def _answer(random: Random, n_rows: int) -> dict[str, Any]:
    scores = [random.random() for _ in range(n_rows)]
    texts = [repr(score) for score in scores]
    return random.choice(
        (
            side("\n".join(texts) + "\n", "CSV", "text/csv; charset=utf-8"),
            side(",".join(texts), "CSV", "text/csv"),
            side(json.dumps({"predictions": [{"score": score} for score in scores]}), "JSON", "application/json"),
            side(json.dumps({"predictions": scores}), "JSON", "application/json"),
            side(base64.b64encode("\n".join(texts).encode()).decode(), "BASE64", "text/csv"),
        )
    )
