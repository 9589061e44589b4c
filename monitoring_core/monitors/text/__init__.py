"""Text drift."""

from monitoring_core.monitors.text.analysis import make_files, monitor_of
from monitoring_core.monitors.text.monitor import TextDrift, TextState

__all__ = ["TextDrift", "TextState", "make_files", "monitor_of"]
