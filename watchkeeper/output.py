"""What a person or a script sees: colour and progress on a terminal, plain lines or JSON elsewhere."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import typer

from monitoring_core.errors import WatchkeeperError
from watchkeeper.exits import Exit, exit_code


class Sized(Protocol):
    """Something to be read, of a known size."""

    @property
    def size(self) -> int:
        """Bytes."""
        ...


T = TypeVar("T", bound=Sized)


@dataclass(frozen=True, slots=True)
class Output:
    """Where a command writes.

    Attributes
    ----------
    as_json : bool
        One JSON document on standard output, nothing else.
    """

    as_json: bool

    def result(self, data: dict[str, Any]) -> None:
        """Write the machine's answer; nothing where a person reads."""
        if self.as_json:
            print(json.dumps(data, indent=2, default=str))  # noqa: T201 - the product of the command

    def say(self, text: str, *, style: str = "") -> None:
        """Write a line for a person."""
        if self.as_json:
            return
        if not sys.stdout.isatty():
            print(printable(text))  # noqa: T201
            return
        from rich.console import Console  # noqa: PLC0415 - only where it is seen

        Console(highlight=False).print(printable(text), style=style or None, markup=False)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Write a table for a person; without a terminal, lines with tabs between the cells."""
        cells = [[printable(cell) for cell in row] for row in rows]
        if self.as_json or not cells:
            return
        if not sys.stdout.isatty():
            for row in cells:
                print("\t".join(row))  # noqa: T201
            return
        from rich.console import Console  # noqa: PLC0415
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        table = Table(*columns, box=None, header_style="dim", pad_edge=False)
        for row in cells:
            table.add_row(*map(Text, row))
        Console().print(table)

    def progress(self, items: Sequence[T], verb: str) -> Iterator[T]:
        """Yield the items, and show on standard error how far they are."""
        n_bytes = sum(item.size for item in items)
        title = f"{verb} {len(items)} {'file' if len(items) == 1 else 'files'} ({_size(n_bytes)})"
        if self.as_json or not sys.stderr.isatty():
            if not self.as_json:
                print(title, file=sys.stderr)  # noqa: T201
            yield from items
            return
        from rich.console import Console  # noqa: PLC0415
        from rich.progress import Progress  # noqa: PLC0415

        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(title, total=n_bytes or None)
            for item in items:
                yield item
                bar.advance(task, item.size)

    def waiting(self, states: Iterable[str]) -> None:
        """Show on standard error how something that takes its time is getting on, until it is over."""
        if self.as_json or not sys.stderr.isatty():
            last = ""
            for state in states:
                if state != last and not self.as_json:
                    print(state, file=sys.stderr)  # noqa: T201
                last = state
            return
        from rich.console import Console  # noqa: PLC0415

        with Console(stderr=True).status("starting") as status:
            for state in states:
                status.update(printable(state))


@contextmanager
def reporting(*, as_json: bool) -> Iterator[Output]:
    """Run a command's body; an error becomes one message and an exit code."""
    try:
        yield Output(as_json)
    except WatchkeeperError as error:
        _complain(type(error).__name__, str(error), as_json=as_json)
        raise typer.Exit(exit_code(error)) from error
    except (typer.Exit, typer.Abort, typer.BadParameter, BrokenPipeError):  # the last: `| head`, which typer handles
        raise
    except Exception as error:
        traceback.print_exc()
        _complain("InternalError", f"{type(error).__name__}: {error}; please report it", as_json=as_json)
        raise typer.Exit(Exit.ERROR) from error


def printable(text: str) -> str:
    r"""Replace what could move a terminal's cursor or change its colours: names come from data.

    Examples
    --------
    >>> printable("a\x1b[31mb")
    'a?[31mb'
    """
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text)


def _complain(kind: str, message: str, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"error": {"type": kind, "message": message}}, indent=2))  # noqa: T201
    else:
        print(f"error: {printable(message)}", file=sys.stderr)  # noqa: T201


def _size(n_bytes: int) -> str:
    """Bytes for people.

    Examples
    --------
    >>> _size(900), _size(1_500_000)
    ('900 B', '1.5 MB')
    """
    value, units = float(n_bytes), iter(("B", "kB", "MB", "GB"))
    unit = next(units)
    for unit in units if value >= 1000 else ():  # noqa: PLR2004, B007 - the last unit is the one to print
        value /= 1000
        if value < 1000:  # noqa: PLR2004
            break
    return f"{value:.3g} {unit}"
