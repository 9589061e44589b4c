"""The captured objects of a run's window, whatever captured them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from functions.common.capture import CaptureListing, list_capture
from functions.common.contract import CaptureSource
from functions.common.transform import list_transforms
from monitoring_core.window import Window

_LISTERS: Final[Mapping[CaptureSource, Callable[[str, Window], CaptureListing]]] = {
    CaptureSource.ENDPOINT: list_capture,
    CaptureSource.BATCH_TRANSFORM: list_transforms,
}


def list_window(source: CaptureSource, capture_prefix: str, window: Window, variant: str = "") -> CaptureListing:
    """List the captured objects of a window and, of an endpoint, those beside them: of one variant, or of all."""
    found = _LISTERS[source](capture_prefix, window)
    return found.below(f"{capture_prefix}{variant}/") if variant else found
