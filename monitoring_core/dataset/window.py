"""Window, among the readers; it is defined outside so that functions without numpy can use it."""

from monitoring_core.window import Window, format_time

__all__ = ["Window", "format_time"]
