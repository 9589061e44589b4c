"""Exit codes: what a script can rely on."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from monitoring_core.errors import ConfigError, NoDataError, WatchkeeperError


class Exit(IntEnum):
    """Exit code of every command."""

    CLEAN = 0
    VIOLATIONS = 1
    USAGE = 2
    NO_DATA = 3
    ERROR = 4


HELP: Final = (
    "Exit codes: 0 done, nothing is violated; 1 violations; 2 wrong usage or configuration; "
    "3 no data to judge; 4 data that cannot be read, or an internal error."
)


def exit_code(error: WatchkeeperError) -> Exit:
    """Return the exit code for an error.

    Examples
    --------
    >>> exit_code(NoDataError("empty"))
    <Exit.NO_DATA: 3>
    """
    if isinstance(error, ConfigError):
        return Exit.USAGE
    return Exit.NO_DATA if isinstance(error, NoDataError) else Exit.ERROR
