"""What a backfill is started with, and the executions it is made of."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from functions.common.contract.base import Utc
from functions.common.contract.plan import Request
from functions.common.contract.run import RunSpec
from monitoring_core.spec import Frozen

Concurrency = Annotated[int, Field(ge=1, le=1000)]


class BackfillRequest(Frozen):
    """What starts a backfill: all windows that lie between two times.

    Attributes
    ----------
    monitors : tuple of str or None
        Which monitors are to run; None: all of the state machine.
    attempt : str
        Another word runs windows again that this backfill has run before.
    max_concurrency : int or None
        Executions at the same time; None: what the configuration says.
    """

    start: Annotated[Utc, Field(alias="from")]
    end: Annotated[Utc, Field(alias="to")]
    monitors: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    attempt: str = ""
    max_concurrency: Concurrency | None = None

    @model_validator(mode="after")
    def _starts_before_it_ends(self) -> Self:
        if self.start >= self.end:
            raise ValueError('"from" must lie before "to"')
        return self


class WindowsInput(Frozen):
    """Input of Windows."""

    runs: dict[str, RunSpec]
    request: BackfillRequest
    max_concurrency: Concurrency = 4


class WindowExecution(Frozen):
    """One execution of the main state machine; the same backfill always gives it the same name."""

    name: Annotated[str, Field(max_length=80)]
    input: Request


class WindowsOutput(Frozen):
    """Output of Windows, the oldest window first."""

    windows: tuple[WindowExecution, ...]
    max_concurrency: Concurrency
