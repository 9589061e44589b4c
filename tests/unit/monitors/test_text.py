"""Text drift: statistics of texts, and words that the baseline never had."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from monitoring_core.checks.evaluation import Evaluation, Outcome
from monitoring_core.monitors.text import make_files
from monitoring_core.monitors.text.statistics import script, unprintable_share, words
from monitoring_core.spec import TextSpec
from tests.unit.analysing import analyse

if TYPE_CHECKING:
    from tests.unit.monitors.conftest import Table

SPEC = TextSpec(texts=("note",))


def notes(rows: int, seed: int, *, prefix: str = "word", length: float = 6.0) -> list[str]:
    random = np.random.default_rng(seed)
    sizes = random.poisson(length, rows) + 1
    drawn = random.zipf(1.4, sizes.sum()) % 30_000
    texts = [f"{prefix}{number}" for number in drawn]
    ends = np.cumsum(sizes)
    return [" ".join(texts[end - size : end]) for size, end in zip(sizes, ends, strict=True)]


def found(evaluation: Evaluation) -> set[tuple[str, str]]:
    return {(check.constraint.check_type, check.constraint.subject.column) for check in evaluation.violations}


@pytest.fixture
def files(table: Table) -> dict[str, bytes]:
    return make_files(SPEC, [[table(note=notes(2000, 0)), table(note=notes(2000, 1))]])[0]


def test_quiet_on_new_texts_of_the_same_kind_though_words_are_new(table: Table, files: dict[str, bytes]) -> None:
    for seed in range(2, 10):
        evaluation = analyse(SPEC, [table(note=notes(300, seed))], files).evaluation
        numbers = {m.metric: m.value for m in evaluation.measurements if m.subject.column == "note"}
        assert numbers["unknown_words_share"] > 0.03
        assert numbers["unknown_words_share"] == pytest.approx(numbers["expected_unknown_words_share"], abs=0.02)
        assert evaluation.outcome is Outcome.PASSED


def test_each_change_is_found(table: Table, files: dict[str, bytes]) -> None:
    def judged(texts: list[str]) -> set[tuple[str, str]]:
        return found(analyse(SPEC, [table(note=texts)], files).evaluation)

    drift, good = "baseline_drift_check", notes(400, 3)
    assert judged(notes(400, 3, length=3.0)) >= {(drift, "note.length"), (drift, "note.words")}
    assert ("unknown_words_check", "note") in judged(notes(400, 3, prefix="neue"))
    assert (drift, "note.script") in judged([f"слово {text}" if i % 2 else "рейс" for i, text in enumerate(good)])
    assert (drift, "note.unprintable_share") in judged([text + "\ufffd" for text in good])


def test_no_word_is_kept(files: dict[str, bytes]) -> None:
    assert b"word1" not in files["statistics.json"]


def test_texts_of_statistics() -> None:
    assert words("Ünïcode isn't hard: naïve café, 日本語") == ["ünïcode", "isn't", "hard", "naïve", "café", "日本語"]
    assert [script(text) for text in ("مرحبا", "שלום", "안녕", "नमस्ते", "สวัสดี", "汉字", "Ωμέγα", "")] == [
        "arabic",
        "hebrew",
        "hangul",
        "devanagari",
        "thai",
        "han",
        "greek",
        "none",
    ]
    assert unprintable_share("") == 0.0
    assert unprintable_share("e\u0301\u200d") == 0.0
    assert unprintable_share("\ue000a") == 0.5
