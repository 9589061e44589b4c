"""Every error this package raises on purpose.

::

    WatchkeeperError
    ├── ConfigError               the YAML file is wrong
    ├── DataError                 the data cannot be read at all (a bad record is quarantined instead)
    │   ├── ColumnNotFoundError
    │   └── UnsupportedFormatError
    ├── BaselineError             a baseline is missing, damaged or of another model
    ├── IncompatibleStatesError   two states that were not made from the same baseline, or by the same version
    └── NoDataError               nothing to analyse in the window

Messages say what was wrong, what was given, what is allowed and what to do.
"""

from __future__ import annotations

from collections.abc import Iterable


class WatchkeeperError(Exception):
    """Base class of every error raised on purpose."""


class ConfigError(WatchkeeperError, ValueError):
    """The configuration is wrong; the message names file, path and fix."""


class DataError(WatchkeeperError, ValueError):
    """A data set cannot be read."""


class ColumnNotFoundError(DataError):
    """A column that was asked for does not exist.

    Examples
    --------
    >>> print(ColumnNotFoundError("agee", ["age", "sex"]))
    column 'agee' not found; available columns: age, sex; check the spelling in the configuration
    """

    def __init__(self, column: str, available: Iterable[str]) -> None:
        self.column, self.available = column, tuple(available)
        super().__init__(
            f"column {column!r} not found; available columns: {', '.join(self.available) or '(none)'}; "
            "check the spelling in the configuration"
        )


class UnsupportedFormatError(DataError):
    """A file or table is of a kind that cannot be read."""


class BaselineError(WatchkeeperError):
    """A baseline is missing, damaged, or bound to another model."""


class IncompatibleStatesError(WatchkeeperError, ValueError):
    """Two states cannot be merged or compared.

    Examples
    --------
    >>> print(IncompatibleStatesError("histograms have different edges", expected=(1,), got=(2,)))
    histograms have different edges: expected (1,), got (2,); rebuild both from the same baseline
    """

    def __init__(
        self, message: str, *, expected: object, got: object, advice: str = "rebuild both from the same baseline"
    ) -> None:
        super().__init__(f"{message}: expected {expected}, got {got}; {advice}")


class NoDataError(WatchkeeperError):
    """There is nothing to analyse."""
