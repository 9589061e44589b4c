"""Patterns of one column: a function each, which returns a sentence where it finds its pattern."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from monitoring_core.diagnosis.findings import Cause, Finding
from monitoring_core.diagnosis.numbers import unit_change
from monitoring_core.diagnosis.shares import NOTEWORTHY, has_grown, tolerance, total_variation
from monitoring_core.monitors.data_quality.profile import ColumnProfile

MIN_ROWS: Final = 30
"""Values that both sides need before anything is said."""
DEFAULTS: Final = (0.0, -1.0, -999.0, -9999.0, 999.0, 9999.0, 99999.0)
"""Numbers that stand in for a missing value."""
UNKNOWN: Final = 0.001
"""Share of the baseline up to which a value counts as unknown: calm hours have no wind, which is no default value."""
USUAL: Final = 0.5
"""Share of the baseline from which a whole window of one value is no surprise: on most days it does not rain."""
CATEGORIES: Final = 200
"""A column with more different texts than this holds free text, not categories."""

Rule = Callable[[ColumnProfile, ColumnProfile], str | None]


def nulls(before: ColumnProfile, now: ColumnProfile) -> str | None:
    """Find values that are missing more often."""
    then, today = _missing(before), _missing(now)
    if not has_grown(then, today):
        return None
    return f"{_percent(today)} of its values are missing, {_percent(then)} in the baseline"


def default_value(before: ColumnProfile, now: ColumnProfile) -> str | None:
    """Find a number that stands for a missing value and has become frequent."""
    if not (before.inferred_type.is_numeric and now.inferred_type.is_numeric):
        return None
    for value in DEFAULTS:
        then, today = _equal(before, value), _equal(now, value)
        if has_grown(then, today) and then[0] <= UNKNOWN * then[1]:
            return f"{_percent(today)} of its values are {value:g}, {_percent(then)} in the baseline"
    return None


def changed_type(before: ColumnProfile, now: ColumnProfile) -> str | None:
    """Find numbers that have become texts, and texts that have become numbers."""
    numbers, texts = before.inferred_type.is_numeric, now.types.string + now.types.boolean
    if numbers and has_grown((before.types.string + before.types.boolean, before.present), (texts, now.present)):
        return f"{_percent((texts, now.present))} of its values are texts; the baseline has numbers"
    if before.types.string and now.inferred_type.is_numeric:
        return "its values are numbers; the baseline has texts"
    return None


def unit(before: ColumnProfile, now: ColumnProfile) -> str | None:
    """Find numbers that are the baseline's in another unit."""
    found = unit_change(before.sketch, now.sketch)
    return None if found is None else f"its values are those of the baseline {found}"


def frozen(before: ColumnProfile, now: ColumnProfile) -> str | None:
    """Find a column that has one value only."""
    numeric = before.inferred_type.is_numeric
    same = now.moments.minimum == now.moments.maximum if numeric else now.distinct_count == 1
    if not same or _share(before, now) >= USUAL:
        return None
    return f"all its {now.present} values are the same"


def encoding(before: ColumnProfile, now: ColumnProfile) -> str | None:
    """Find categories that have other names, while their shares are what they were."""
    then, today = _categories(before), _categories(now)
    if not then or not today or total_variation(then, today) < 0.5:  # noqa: PLR2004 - half the values are affected
        return None
    allowed = max(NOTEWORTHY, tolerance(sum(then.values()), sum(today.values())))
    for spelling in (_plain, _as_number):
        if total_variation(_respelled(then, spelling), _respelled(today, spelling)) <= allowed:
            return f"its categories are spelled otherwise: {_examples(today)} instead of {_examples(then)}"
    known = sum(n for key, n in today.items() if key in then)
    if len(then) > 1 and known < 0.05 * sum(today.values()) and _by_rank(then, today) <= allowed:
        return f"its categories have other names with the same shares: {_examples(today)} instead of {_examples(then)}"
    return None


def new_categories(before: ColumnProfile, now: ColumnProfile) -> str | None:
    """Find frequent categories that the baseline does not have."""
    then, today = _categories(before), _categories(now)
    unseen = {key: n for key, n in today.items() if key not in then}
    if not then or not has_grown((0, sum(then.values())), (sum(unseen.values()), sum(today.values()))):
        return None
    return f"{_percent((sum(unseen.values()), sum(today.values())))} of its values are new: {_examples(unseen)}"


RULES: Final[Mapping[Cause, Rule]] = {
    Cause.TYPE: changed_type,
    Cause.FROZEN: frozen,
    Cause.UNIT: unit,
    Cause.ENCODING: encoding,
    Cause.NULLS: nulls,
    Cause.DEFAULT_VALUE: default_value,
    Cause.NEW_CATEGORIES: new_categories,
}
"""In the order in which they explain a change: the first that applies does."""


def explain_column(name: str, before: ColumnProfile, now: ColumnProfile) -> Finding | None:
    """Return the first pattern that a column shows.

    Parameters
    ----------
    before, now : ColumnProfile
        Of the baseline and of the window.
    """
    if min(before.present + before.types.missing, now.present + now.types.missing) < MIN_ROWS:
        return None
    return next(_found(name, before, now), None)


def _found(name: str, before: ColumnProfile, now: ColumnProfile) -> Iterator[Finding]:
    for cause, rule in RULES.items():
        enough = cause is Cause.NULLS or min(before.present, now.present) >= MIN_ROWS
        if enough and (said := rule(before, now)):
            yield Finding(cause, (name,), f"{name}: {said}")


def _share(before: ColumnProfile, now: ColumnProfile) -> float:
    """Return the share that the only value of a window has in the baseline."""
    if before.inferred_type.is_numeric:
        part, whole = _equal(before, now.moments.minimum)
    else:
        part, whole = before.tally.counts.get(next(iter(now.tally.counts), ""), 0), before.present
    return part / whole if whole else 1.0


def _missing(column: ColumnProfile) -> tuple[int, int]:
    return column.types.missing, column.types.missing + column.present


def _equal(column: ColumnProfile, value: float) -> tuple[int, int]:
    weights = column.sketch.weights
    return int(weights[column.sketch.items == value].sum()), int(weights.sum())


def _categories(column: ColumnProfile) -> Mapping[str, int]:
    counts = column.tally.counts
    texts = column.types.string or column.types.boolean
    return counts if texts and not column.tally.other and len(counts) <= CATEGORIES else {}


def _respelled(counts: Mapping[str, int], spell: Callable[[str], str]) -> dict[str, int]:
    respelled: dict[str, int] = {}
    for key, n in counts.items():
        respelled[spell(key)] = respelled.get(spell(key), 0) + n
    return respelled


def _plain(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _as_number(text: str) -> str:
    try:
        return repr(float(text))
    except ValueError:
        return text


def _by_rank(then: Mapping[str, int], today: Mapping[str, int]) -> float:
    """Return the distance of the shares, the largest against the largest and so on."""
    ranked = [{str(i): n for i, n in enumerate(sorted(side.values(), reverse=True))} for side in (then, today)]
    return total_variation(*ranked)


def _examples(counts: Mapping[str, int]) -> str:
    largest = sorted(counts, key=lambda key: (-counts[key], key))[:3]
    return ", ".join(map(repr, largest))


def _percent(share: tuple[int, int]) -> str:
    return f"{share[0] / share[1]:.1%}"
