"""Gaps of the capture: hours of a window without any captured object that had some before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final

from functions.common.capture import CaptureListing
from functions.common.storage import list_folders
from monitoring_core.window import Window

_BEFORE: Final = (timedelta(days=1), timedelta(days=7))
_FIRST_HOURS: Final = 2


def share_of_empty_hours(capture_prefix: str, variant: str, capture: CaptureListing) -> float | None:
    """Return the share of a window's hours in which nothing was captured, of those that are expected to have something.

    Expected are hours that had captured objects both a day and a week before: nights and Sundays are no gaps. None for
    a window of one hour, which has no data then, and where no hour is expected to have any.

    Parameters
    ----------
    variant : str
        The only variant that is watched; empty: all.
    """
    hours = [*capture.window.hours()]
    if len(hours) < _FIRST_HOURS:
        return None
    variants = [f"{capture_prefix}{variant}/"] if variant else [*list_folders(capture_prefix)]
    earlier = (_hours_with_objects(variants, capture.window, before) for before in _BEFORE)
    expected = set(hours).intersection(*earlier)
    captured = {f"{item.begun:%Y/%m/%d/%H}" for item in capture.objects}
    return len(expected - captured) / len(expected) if expected else None


def _hours_with_objects(variants: Iterable[str], window: Window, before: timedelta) -> set[str]:
    """Return the hours of a window that had objects some days before."""
    shifted = Window(window.start - before, window.end - before)
    found = {hour for variant in variants for hour in _listed(variant, shifted)}
    pairs = zip(window.hours(), shifted.hours(), strict=True)
    return {hour for hour, earlier in pairs if earlier in found}


def _listed(variant: str, span: Window) -> Iterator[str]:
    for day in dict.fromkeys(hour[: len("yyyy/mm/dd")] for hour in span.hours()):
        yield from (folder.removeprefix(variant).rstrip("/") for folder in list_folders(f"{variant}{day}/"))
