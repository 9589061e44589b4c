"""Monitors from outside: loaded, checked, run; and the example that shows how."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydantic import ValidationError

from monitoring_core.checks.evaluation import Bound, Outcome
from monitoring_core.dataset import Batch
from monitoring_core.errors import ConfigError
from monitoring_core.monitors.custom import load_monitor, make_files
from monitoring_core.monitors.kpi import Kpi
from monitoring_core.monitors.law_check import MonitorLawError, check_monitor
from monitoring_core.spec import CustomSpec
from monitoring_core.stats.sums import Sums
from tests.unit.analysing import analyse

if TYPE_CHECKING:
    from tests.unit.monitors.conftest import Table

EXAMPLE = Path(__file__).parents[3] / "examples" / "custom-monitor"

BROKEN_MODULE = """
from monitoring_core.stats.sums import Sums

def fails():
    raise RuntimeError("no connection")

def nothing():
    return None

class NoState:
    name = "no-state"
    def empty(self, reference=None): return 7
    observe = as_reference = measure = suggest = explain = empty

class WrongEmpty(NoState):
    def empty(self, reference): return 7

NUMBER = 3
"""


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> CustomSpec:
    monkeypatch.syspath_prepend(EXAMPLE)
    return CustomSpec.model_validate_json((EXAMPLE / "spec.json").read_bytes())


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "broken_monitors.py").write_text(BROKEN_MODULE)
    (tmp_path / "broken_import.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path)


def customers(table: Table, rows: int, seed: int, *, skill: float, unknown_every: int = 0) -> Batch:
    random = np.random.default_rng(seed)
    leaving = random.random(rows) < 0.1
    chosen = leaving if skill > 0 else ~leaving & (random.random(rows) < 0.1)
    called = np.where(random.random(rows) < abs(skill), chosen, random.random(rows) < 0.1)
    labels: list[Any] = [None if unknown_every and i % unknown_every == 0 else int(v) for i, v in enumerate(leaving)]
    return table(called=called.astype(int), leaving=labels, region=random.choice(["north", "south"], rows))


def test_the_example_says_what_the_model_is_worth(example: CustomSpec, table: Table) -> None:
    files, _ = make_files(example, [[customers(table, 4000, 0, skill=0.9)]])
    good, bad = (
        analyse(example, [customers(table, 2000, seed, skill=skill)], files) for seed, skill in ((1, 0.9), (2, -1.0))
    )

    assert good.evaluation.outcome is Outcome.PASSED
    assert {c.constraint.subject.segment for c in bad.evaluation.violations} == {"", "region=north", "region=south"}
    assert "roi_gain is -" in bad.evaluation.violations[0].reason
    numbers = {m.metric: m.value for m in good.evaluation.measurements if not m.subject.segment}
    batch = customers(table, 2000, 1, skill=0.9)
    called, leaving = batch["called"].numbers, batch["leaving"].numbers
    assert numbers["roi"] == pytest.approx((called * leaving).sum() * 300 / (called.sum() * 12 + 200) - 1)
    assert numbers["roi_without_model"] == pytest.approx(leaving.sum() * 300 / (2000 * 12) - 1)
    assert json.loads(good.files["segments.json"])["segments"]


def test_the_example_keeps_the_laws(example: CustomSpec, table: Table) -> None:
    monitor = load_monitor(example.factory, example.parameters)
    check_monitor(monitor, [customers(table, 300, 0, skill=0.9), customers(table, 50, 1, skill=0.5, unknown_every=3)])


def test_outcomes_that_are_not_known_are_not_judged(example: CustomSpec, table: Table) -> None:
    files, _ = make_files(example, [[customers(table, 1000, 0, skill=0.9)]])
    evaluation = analyse(example, [customers(table, 500, 1, skill=0.0, unknown_every=1)], files).evaluation
    assert evaluation.outcome is Outcome.NOT_EVALUATED


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize(
    ("factory", "parameters", "why"),
    [
        ("nowhere:make", {}, "ModuleNotFoundError: No module named 'nowhere'"),
        ("broken_import:make", {}, "ZeroDivisionError"),
        ("broken_monitors:missing", {}, "has no 'missing'"),
        ("broken_monitors:NUMBER", {}, "it is a int, not a function"),
        ("broken_monitors:fails", {}, "failed: RuntimeError: no connection"),
        ("broken_monitors:fails", {"x": 1}, r"fails\(\) cannot be called with the parameters x"),
        (
            "broken_monitors:nothing",
            {},
            r"a NoneType, which is not a monitor: it lacks name \(a text\), empty, observe",
        ),
        ("broken_monitors:WrongEmpty", {}, r"empty\(\) of the monitor .* failed: TypeError"),
        ("broken_monitors:NoState", {}, r"a int, lacks rows \(a number\), merge, to_dict, from_dict"),
    ],
)
def test_what_cannot_be_loaded_is_explained(factory: str, parameters: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        load_monitor(factory, parameters)


def test_a_factory_is_named_in_full() -> None:
    with pytest.raises(ValidationError, match="factory"):
        CustomSpec(name="x", factory="just_a_module")


def kpi(**changes: Any) -> Kpi:
    sound: dict[str, Any] = {
        "name": "k",
        "count": lambda batch: {"x": float(batch["x"].numbers.sum())},
        "compute": lambda sums: {"mean": sums["x"] / sums.rows},
        "limits": {"mean": Bound(upper=100)},
    }
    return Kpi(**{**sound, **changes})


class Average:
    """A state that averages averages."""

    def __init__(self, rows: int = 0, mean: float = 0.0) -> None:
        self.rows, self.mean = rows, mean

    def merge(self, other: Average) -> Average:
        return Average(self.rows + other.rows, (self.mean + other.mean) / 2)

    def to_dict(self) -> dict[str, Any]:
        return {"rows": self.rows, "mean": self.mean}

    def from_dict(self, data: dict[str, Any]) -> Average:
        return Average(**data)


class AveragesAverages(Kpi):
    """A monitor whose state is wrong."""

    def empty(self, _reference: Any = None, /) -> Any:
        return Average()

    def observe(self, batch: Batch, _reference: Any = None, /) -> Any:
        return Average(len(batch), float(batch["x"].numbers.mean()) if len(batch) else 0.0)

    def measure(self, state: Any, _reference: Any = None, /) -> Any:
        return super().measure(Sums(state.rows, {"x": state.mean * state.rows}))


class CountsTwice(Kpi):
    """A monitor that counts rows twice."""

    def observe(self, batch: Batch, _reference: Sums | None = None, /) -> Sums:
        return Sums(2 * len(batch), {"x": 1.0})


class HealthyWithoutRows(Kpi):
    """A monitor for which nothing is fine."""

    def measure(self, state: Sums, _reference: Sums | None = None, /) -> Any:
        found = super().measure(state)
        return [type(m)(m.metric, 0.0 if m.n == 0 else m.value, max(1, m.n)) for m in found]


def test_sound_monitors_keep_the_laws(table: Table) -> None:
    check_monitor(kpi(), [table(x=range(50)), table(x=range(7))])


@pytest.mark.parametrize(
    ("monitor", "why"),
    [
        (kpi(limits={"median": Bound(upper=1)}), "constraint on 'median' of .* has no measurement; measured are: mean"),
        (CountsTwice(**{f: getattr(kpi(), f) for f in Kpi.__slots__}), "57 rows says that it has seen 114"),
        (
            AveragesAverages(**{f: getattr(kpi(), f) for f in Kpi.__slots__}),
            "merging the parts of a batch gives the whole",
        ),
        (HealthyWithoutRows(**{f: getattr(kpi(), f) for f in Kpi.__slots__}), "no rows pass as healthy"),
    ],
)
def test_broken_laws_are_named(monitor: Any, why: str, table: Table) -> None:
    with pytest.raises(MonitorLawError, match=why):
        check_monitor(monitor, [table(x=range(50)), table(x=range(7))])


def test_the_check_needs_rows() -> None:
    with pytest.raises(MonitorLawError, match="no rows to check"):
        check_monitor(kpi(), [])
