"""Fuzzed records: good ones, and what ruins them; each says what is to become of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from monitoring_core.dataset import Reason
from monitoring_core.spec import SchemaSpec
from monitoring_core.window import Window
from tests.fuzz.good import Good, make_good, side

COLUMNS = SchemaSpec(outputs=("score",), features=("id", "x", "name"))
WINDOW = Window.parse("2024-01-01T00:00:00Z/2024-01-01T01:00:00Z")


@dataclass(frozen=True)
class Fuzzed:
    """One line, and what must become of it: rows with these ids, a place in the quarantine, or neither."""

    line: bytes
    ids: tuple[float, ...] = ()
    reason: Reason | None = None
    outside: bool = False


# ---- mutations of the line


def _place(random: Random, line: bytes) -> int:
    """Return a place inside the line that does not split a character."""
    while True:
        at = random.randint(1, len(line) - 1)
        if line[at] < 128:
            return at


def _truncate(random: Random, line: bytes) -> bytes:
    return line[: _place(random, line)]


def _invalid_utf8(random: Random, line: bytes) -> bytes:
    at = line.index(b"00000000-0000") + random.randint(0, 12)
    return line[:at] + random.choice((b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80")) + line[at:]


def _nul(random: Random, line: bytes) -> bytes:
    at = _place(random, line)
    return line[:at] + b"\0" + line[at:]


def _twice(random: Random, line: bytes) -> bytes:
    key, value = random.choice(((b'"eventId"', b'"e"'), (b'"encoding"', b'"CSV"'), (b'"captureData"', b"{}")))
    return line.replace(key, key + b":" + value + b"," + key, 1)


def _other_encoding(random: Random, line: bytes) -> bytes:
    return line.decode().encode(random.choice(("utf-16-be", "utf-32-be"))).replace(b"\n", b"")


def _trailing(random: Random, line: bytes) -> bytes:
    return line + random.choice((b"}", b",", b" {}", b"x"))


BOMS = b"\xef\xbb\xbf" * 2 + b"{}"

OF_THE_LINE: tuple[tuple[Callable[[Random, bytes], bytes], Reason], ...] = (
    (_truncate, Reason.NOT_JSON),
    (_invalid_utf8, Reason.NOT_UTF8),
    (_nul, Reason.NUL),
    (_twice, Reason.DUPLICATE_KEY),
    (_trailing, Reason.NOT_JSON),
    (
        lambda random, _: random.choice((b"{", b"nothing", b"'", b'{"a": NaN}', BOMS)),
        Reason.NOT_JSON,
    ),
    (lambda random, _: random.choice((b"null", b"1e400", b"[]", b'"x"', b"true", b"{}")), Reason.NOT_A_CAPTURE_RECORD),
    (lambda random, _: b'{"x":' * random.choice((3000, 20_000)), Reason.TOO_DEEP),
)


# ---- mutations of the record


def _wrong_type(random: Random, good: Good) -> None:
    target, key = random.choice(
        (
            (good.document, "captureData"),
            (good.document, "eventMetadata"),
            (good.document["captureData"], "endpointInput"),
            (good.request, "data"),
            (good.answer, "encoding"),
            (good.metadata, "eventId"),
        )
    )
    target[key] = random.choice((5, 1.5, True, [1], [{}]))


def _missing_key(random: Random, good: Good) -> None:
    target, key = random.choice(
        (
            (good.document, "captureData"),
            (good.document, "eventMetadata"),
            (good.request, "data"),
            (good.answer, "encoding"),
            (good.metadata, "eventId"),
        )
    )
    del target[key]


def _wrong_time(random: Random, good: Good) -> None:
    good.metadata["inferenceTime"] = random.choice(("yesterday", "2024-13-01T00:00:00Z", "2024-01-01T00:00:00", "", 7))


def _request_is(text: str, encoding: str = "CSV", content_type: str | None = None) -> Callable[[Random, Good], None]:
    def change(random: Random, good: Good) -> None:
        del random
        good.document["captureData"] = {"endpointInput": side(text, encoding, content_type)}

    return change


def _more_rows(random: Random, good: Good) -> None:
    n_rows = len(good.ids) + random.randint(1, 3)
    good.document["captureData"]["endpointOutput"] = side("\n".join(["0.5"] * n_rows), "CSV", "text/csv")
    if len(good.ids) == 1:
        good.document["captureData"]["endpointInput"] = side(f"{good.ids[0]},1,a", "CSV", "text/csv")


def _other_width(random: Random, good: Good) -> None:
    good.document["captureData"]["endpointOutput"] = side("0.5", "CSV", "text/csv")
    good.document["captureData"]["endpointInput"] = side(random.choice(("1,2", "1,2,3,4", "1")), "CSV", "text/csv")


def _huge(random: Random, good: Good) -> None:
    number = random.choice(("1e999", "-2.5E400", "9" * 400))
    good.document["captureData"]["endpointOutput"] = side("0.5", "CSV", "text/csv")
    csv, document = side(f"{number},1,a", "CSV", None), side(f'{{"id": {number}, "x": 1, "name": "a"}}', "JSON", None)
    good.document["captureData"]["endpointInput"] = random.choice((csv, document))


def _without_sides(random: Random, good: Good) -> None:
    good.document["captureData"] = random.choice(({}, {"endpointInput": None}, {"other": 1}))


def _without_time(random: Random, good: Good) -> None:
    good.metadata["inferenceTime"] = None
    if random.random() < 0.5:
        del good.metadata["inferenceTime"]


DEEP = ('{"a":' * 70 + "1" + "}" * 70, "[" * 70 + "]" * 70, "[" * 100_000, '{"a":' * 50_000)

OF_THE_RECORD: tuple[tuple[Callable[[Random, Good], None], Reason], ...] = (
    (_wrong_type, Reason.NOT_A_CAPTURE_RECORD),
    (_missing_key, Reason.NOT_A_CAPTURE_RECORD),
    (_wrong_time, Reason.NOT_A_CAPTURE_RECORD),
    (_without_sides, Reason.NOT_A_CAPTURE_RECORD),
    (_without_time, Reason.NO_TIME),
    (_more_rows, Reason.ROWS_DIFFER),
    (_other_width, Reason.COLUMNS_DIFFER),
    (_huge, Reason.NUMBER_OUT_OF_RANGE),
    (_request_is("1,2,3", "XML"), Reason.UNKNOWN_ENCODING),
    (_request_is("", "JSON"), Reason.PAYLOAD_EMPTY),
    (_request_is("\n\n", "CSV"), Reason.PAYLOAD_EMPTY),
    (_request_is('1,"2,3', "CSV"), Reason.PAYLOAD_NOT_CSV),
    (_request_is('1,"2"3,4', "CSV"), Reason.PAYLOAD_NOT_CSV),
    (_request_is("{'id': 1}", "JSON"), Reason.PAYLOAD_NOT_JSON),
    (_request_is('{"id": 1', "JSON"), Reason.PAYLOAD_NOT_JSON),
    (_request_is('{"id": "\\ud800"}', "JSON"), Reason.PAYLOAD_NOT_JSON),
    (_request_is('{"id": 1, "id": 2}', "JSON"), Reason.DUPLICATE_KEY),
    (_request_is('{"instances": [{"id": 1, "x": {"y": 1, "y": 1}}]}', "JSON"), Reason.DUPLICATE_KEY),
    (_request_is("1,\0,3", "CSV"), Reason.NUL),
    (_request_is('{"id": "\\u0000"}', "JSON"), Reason.NUL),
    (_request_is("%%%", "BASE64"), Reason.PAYLOAD_NOT_BASE64),
    (_request_is("/w==", "BASE64"), Reason.UNREADABLE_CONTENT_TYPE),
    (_request_is("AAAA", "BASE64", "image/png"), Reason.UNREADABLE_CONTENT_TYPE),
    *((_request_is(text, "JSON"), Reason.TOO_DEEP) for text in DEEP),
)

RARE: tuple[tuple[Callable[[Random, Good], None], Reason], ...] = (
    (_request_is("1," * 100_001), Reason.TOO_MANY_COLUMNS),
    (_request_is("1\n" * 500_001), Reason.TOO_LARGE),
)


@dataclass
class Mix:
    """Makes records: most good, many ruined, some outside the window.

    Attributes
    ----------
    random : Random
        Decides everything.
    """

    random: Random
    number: int = field(default=0, init=False)

    def next(self) -> Fuzzed:
        """Return the next record."""
        random, good = self.random, make_good(self.random, self.number)
        self.number += len(good.ids)
        kind = random.random()
        if kind < 0.60:
            return Fuzzed(good.write(random), good.ids)
        if kind < 0.62:
            good.metadata["inferenceTime"] = "2024-01-01T01:00:00Z"
            return Fuzzed(good.write(random), outside=True)
        if kind < 0.63:
            return Fuzzed(random.choice((b"", b" ", b"\r", b"\t \r")))
        if kind < 0.80:
            change_line, reason = random.choice(OF_THE_LINE)
            return Fuzzed(change_line(random, good.write(random)), reason=reason)
        change, reason = random.choice(RARE if kind < 0.80001 else OF_THE_RECORD)
        change(random, good)
        return Fuzzed(good.write(random), reason=reason)


def scramble(random: Random, line: bytes) -> bytes:
    """Change some bytes anywhere in a line; it may still be good."""
    changed = bytearray(line)
    for _ in range(random.randint(1, 6)):
        at = random.randrange(len(changed))
        changed[at : at + random.randint(0, 2)] = random.choice(
            (b"", bytes([random.randrange(256)]), b'"', b"{", b"]", b"\\", b",", b"1e9")
        )
    return bytes(changed).replace(b"\n", b" ") or b"x"
