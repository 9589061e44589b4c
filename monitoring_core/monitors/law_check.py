"""A check for monitors from outside: whether they keep the laws that every engine relies on."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from monitoring_core.checks.evaluation import Outcome
from monitoring_core.dataset.batch import Batch
from monitoring_core.errors import WatchkeeperError
from monitoring_core.monitors.base import Baseline, Monitor, fit, judge, profile
from monitoring_core.monitors.windows import take

ROUNDING = 1e-9


class MonitorLawError(WatchkeeperError):
    """A monitor breaks a law of the algebra; the message names the law and shows where."""


def check_monitor(monitor: Monitor[Any], batches: Iterable[Batch]) -> None:
    """Check a monitor on some data, as a test of one's own monitor would.

    Splitting the rows in other ways, folding them in another order, and storing and reading states must
    not change what the monitor measures; no rows must not pass as healthy.

    Parameters
    ----------
    monitor : Monitor
        What is checked.
    batches : iterable of Batch
        Good data, a few hundred rows.

    Raises
    ------
    MonitorLawError
        If it breaks a law.

    Examples
    --------
    >>> from monitoring_core.dataset.types import column_from_texts
    >>> from monitoring_core.monitors.data_quality import DataQuality
    >>> check_monitor(DataQuality(), [Batch({"x": column_from_texts(["1", "2", "2", "5"])})])
    """
    held = [batch for batch in batches if len(batch)]
    if not held:
        raise MonitorLawError("there are no rows to check the monitor on; give at least one batch with rows")
    baseline = fit(monitor, held)
    for reference in (None, baseline.state):
        _check_states(monitor, held, reference)
    _check_measurements(monitor, profile(monitor, held, baseline.state), baseline)
    _check_no_rows(monitor, baseline)


def _check_states(monitor: Monitor[Any], batches: Sequence[Batch], reference: Any) -> None:
    empty = monitor.empty(reference)
    whole = profile(monitor, batches, reference)
    rows = sum(map(len, batches))
    if whole.rows != rows:
        raise MonitorLawError(f"the state of {rows} rows says that it has seen {whole.rows}; count every row once")
    parts = [monitor.observe(part, reference) for batch in batches for part in _thirds(batch)]
    first, middle, last = parts[0], parts[len(parts) // 2], parts[-1]
    before = [_encoded(part) for part in parts]
    nothing = monitor.observe(take(batches[0], np.empty(0, dtype=np.intp)), reference)
    for law, one, other in (
        ("merging the parts of a batch gives the whole", whole, _merged(parts, empty)),
        ("merging is commutative", whole, _merged(parts[::-1], empty)),
        ("merging is associative", first.merge(middle).merge(last), first.merge(middle.merge(last))),
        ("the empty state changes nothing on the right", first, first.merge(empty)),
        ("the empty state changes nothing on the left", first, empty.merge(first)),
        ("observing no rows changes nothing", first, first.merge(nothing)),
    ):
        _expect(law, *(_said(monitor, state, reference) for state in (one, other)))
    if [_encoded(part) for part in parts] != before:
        raise MonitorLawError("merging changed one of the states; return a new one instead")
    stored = _encoded(whole)
    _expect("a stored state reads as it was", json.loads(stored), empty.from_dict(json.loads(stored)).to_dict())


def _check_measurements(monitor: Monitor[Any], state: Any, baseline: Baseline[Any]) -> None:
    measured = [(m.metric, m.subject) for m in monitor.measure(state, baseline.state)]
    for twice in {pair for pair in measured if measured.count(pair) > 1}:
        raise MonitorLawError(f"metric {twice[0]!r} is measured twice for {twice[1]}; give each its own name")
    for constraint in baseline.constraints:
        if (constraint.metric, constraint.subject) not in measured:
            raise MonitorLawError(
                f"constraint on {constraint.metric!r} of {constraint.subject} has no measurement; measured are: "
                f"{', '.join(sorted({metric for metric, _ in measured})) or 'none'}"
            )
    for check in judge(monitor, state, baseline).violations:
        if not check.reason.strip():
            raise MonitorLawError(
                f"a violation of {check.constraint.metric!r} is explained by nothing; say what is wrong"
            )


def _check_no_rows(monitor: Monitor[Any], baseline: Baseline[Any]) -> None:
    evaluation = judge(monitor, monitor.empty(baseline.state), baseline)
    if evaluation.outcome is Outcome.PASSED:
        raise MonitorLawError("no rows pass as healthy; measure nan where there is nothing to measure")


def _thirds(batch: Batch) -> Iterator[Batch]:
    yield from (take(batch, rows) for rows in np.array_split(np.arange(len(batch)), 3))


def _merged(parts: Iterable[Any], empty: Any) -> Any:
    state = empty
    for part in parts:
        state = state.merge(part)
    return state


def _said(monitor: Monitor[Any], state: Any, reference: Any) -> dict[str, Any]:
    measured = monitor.measure(state, reference)
    return {
        f"{m.metric} of {m.subject.column or 'all columns'} {m.subject.segment}".strip(): [m.value, m.n]
        for m in measured
    }


def _expect(law: str, expected: Any, got: Any) -> None:
    where = _difference(expected, got, "")
    if where:
        raise MonitorLawError(f"broken law: {law}; {where}")


def _encoded(state: Any) -> str:
    try:
        return json.dumps(state.to_dict(), sort_keys=True)
    except TypeError as error:
        raise MonitorLawError(f"a state cannot be stored: {error}; let to_dict return plain JSON values") from error


def _difference(expected: Any, got: Any, path: str) -> str:
    """Return where two JSON documents differ by more than rounding, or nothing."""
    if isinstance(expected, dict) and isinstance(got, dict) and expected.keys() == got.keys():
        inner = (_difference(expected[key], got[key], f"{path}/{key}") for key in expected)
        return next(filter(None, inner), "")
    if isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        pairs = zip(expected, got, strict=True)
        return next(filter(None, (_difference(a, b, f"{path}[{i}]") for i, (a, b) in enumerate(pairs))), "")
    if isinstance(expected, (int, float)) and isinstance(got, (int, float)):
        both_nan = math.isnan(expected) and math.isnan(got)
        same = both_nan or math.isclose(expected, got, rel_tol=ROUNDING, abs_tol=ROUNDING)
        return "" if same else f"{path} is {expected} one way and {got} the other"
    return "" if expected == got else f"{path} is {expected!r:.80} one way and {got!r:.80} the other"
