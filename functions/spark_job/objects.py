"""The objects of a pass, and how they are dealt out to tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit
from urllib.request import url2pathname

import msgspec

from functions.common.contract import PlannedRun
from functions.common.labels import list_labels
from functions.common.listing import list_window
from functions.common.storage import StoredObject, read
from monitoring_core.dataset import Source, upload_order
from monitoring_core.errors import DataError
from monitoring_core.window import Window

TASK_BYTES: Final = 256 << 20
"""About as much as a task reads: seconds of work, so that tasks even out and a lost one costs little."""


def _local(uri: str) -> Path:
    return Path(url2pathname(urlsplit(uri).path))


_OPENERS: Final[Mapping[str, Callable[[str], bytes | Path]]] = {"s3": read, "file": _local}


def open_object(uri: str) -> Source:
    """Return an object by its URI, ``s3://`` or ``file://``.

    Raises
    ------
    StorageError
        If S3 does not give it.
    DataError
        If the URI is of another kind.

    Examples
    --------
    >>> open_object("file:///data/a%20b.jsonl").data
    PosixPath('/data/a b.jsonl')
    """
    scheme = urlsplit(uri).scheme
    if scheme not in _OPENERS:
        raise DataError(
            f"{uri!r} cannot be read; give a URI that begins with {' or '.join(f'{s}://' for s in _OPENERS)}"
        )
    return Source(uri, _OPENERS[scheme](uri))


class Task(msgspec.Struct, frozen=True):
    """What one task reads; the first one also answers for the labels, which all tasks read.

    Attributes
    ----------
    own, near : tuple of str
        URIs of capture objects begun in the window, and of those beside them.
    """

    own: tuple[str, ...]
    near: tuple[str, ...]
    is_first: bool


@dataclass(frozen=True, slots=True)
class Objects:
    """All that a pass reads, besides its baselines.

    Attributes
    ----------
    own, near : sequence of StoredObject
        Capture objects begun in the window, and those beside them.
    labels : tuple of str
        URIs of labels, in the order of their collection.
    """

    own: Sequence[StoredObject]
    near: Sequence[StoredObject]
    labels: tuple[str, ...] = ()

    @classmethod
    def of(cls, planned: PlannedRun) -> Self:
        """List the objects of a pass; any of its runs will do, as all read the same."""
        run, plan = planned.run, planned.plan
        capture = list_window(run.source, run.capture_prefix, plan.window, run.variant)
        labels: Iterable[StoredObject] = ()
        if plan.labels_until is not None:
            labels = list_labels(run.ground_truth_prefixes, Window(plan.window.start, plan.labels_until))
        return cls(capture.own, capture.near, tuple(sorted((item.uri for item in labels), key=upload_order)))

    def tasks(self, size: int = TASK_BYTES) -> list[Task]:
        """Deal the capture objects out: a task gets neighbours of about `size` bytes, an object is never cut.

        What a task gets depends on the objects alone, not on the machines, so the same objects give the same bytes.

        Examples
        --------
        >>> own = [StoredObject(f"s3://b/{name}", 60) for name in "abcd"]
        >>> [[uri[-1] for uri in task.own] for task in Objects(own, ()).tasks(100)]
        [['a', 'b'], ['c', 'd']]
        """
        shares = [[uri for uri, _ in share] for _, share in groupby(self._placed(), key=lambda item: item[1] // size)]
        own = {item.uri for item in self.own}
        return [
            Task(
                own=tuple(uri for uri in share if uri in own),
                near=tuple(uri for uri in share if uri not in own),
                is_first=index == 0,
            )
            for index, share in enumerate(shares or [[]])
        ]

    def _placed(self) -> Iterator[tuple[str, int]]:
        """Yield each capture object with the bytes before it."""
        before = 0
        for item in (*self.own, *self.near):
            yield item.uri, before
            before += item.size
