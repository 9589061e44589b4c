"""Files by path or by S3 URI."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from monitoring_core.dataset.source import Source
from monitoring_core.errors import ConfigError, DataError

S3 = "s3://"


@dataclass(frozen=True, slots=True)
class Input:
    """One file that was found but not read.

    Attributes
    ----------
    name : str
        Its path or URI.
    size : int
        Stored bytes.
    """

    name: str
    size: int

    def source(self) -> Source:
        """Return the file's content; an S3 object is fetched now."""
        return Source(self.name, self.read()) if self.name.startswith(S3) else Source.of(self.name)

    def read(self) -> bytes:
        """Return the stored bytes."""
        if not self.name.startswith(S3):
            return Path(self.name).read_bytes()
        with _s3_explained(self.name) as storage:
            content: bytes = storage.read(self.name)
            return content


def find(location: str, *, keep: Callable[[str], bool] = lambda _: True) -> list[Input]:
    """Return the files at a path or URI, and below it if it is a folder, sorted by name.

    Hidden files, and those Spark marks with an underscore, are left out.

    Raises
    ------
    DataError
        If there is nothing.
    """
    found = list(_find_in_s3(location) if location.startswith(S3) else _find_locally(Path(location)))
    return sorted((item for item in found if keep(PurePosixPath(item.name).name)), key=lambda item: item.name)


def find_all(locations: Sequence[str]) -> list[Input]:
    """Return the files at several places, in the order given."""
    return [item for location in locations for item in find(location)]


def _find_locally(path: Path) -> Iterator[Input]:
    if path.is_file():
        yield Input(str(path), path.stat().st_size)
        return
    if not path.is_dir():
        raise DataError(f"{path}: no such file or folder; check the path")
    for file in path.rglob("*"):
        if file.is_file() and not file.name.startswith((".", "_")):
            yield Input(str(file), file.stat().st_size)


def _find_in_s3(uri: str) -> Iterator[Input]:
    folder = uri.rstrip("/") + "/"
    with _s3_explained(uri) as storage:
        found = [
            Input(item.uri, item.size)
            for item in storage.list_objects(uri)
            if (item.uri == uri or item.uri.startswith(folder)) and not item.uri.endswith("/")
        ]
    if not found:
        raise DataError(f"{uri}: no object there and none below it; check the URI")
    yield from (item for item in found if not PurePosixPath(item.name).name.startswith((".", "_")))


@contextmanager
def _s3_explained(uri: str) -> Iterator[Any]:
    """Give access to S3, which needs an extra, credentials and a network."""
    try:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - an optional extra

        from functions.common import storage  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(f"{uri}: reading S3 needs boto3; install watchkeeper[functions]") from error
    try:
        yield storage
    except (BotoCoreError, ClientError) as error:
        raise DataError(f"{uri}: {error}; check credentials, region and network") from error
