"""Unpacked zips, one folder for each content: functions that share a zip or a layer share the folder."""

from __future__ import annotations

import threading
import zipfile
from io import BytesIO
from pathlib import Path

_PERMISSION_BITS = 0o777
_OWNER_MAY_READ_AND_WRITE = 0o600


class CodeStore:
    """Unpacks each zip once.

    Parameters
    ----------
    folder : Path
        Where to unpack.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def unpacked(self, sha256: str, content: bytes) -> Path:
        """Return the folder with the unpacked `content`, whose hash (base64) is `sha256`."""
        target = self._folder / sha256.replace("/", "_")
        with self._lock:
            if not target.exists():
                target.mkdir(parents=True)
                with zipfile.ZipFile(BytesIO(content)) as archive:
                    for member in archive.infolist():
                        _extract(archive, member, target)
        return target


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    file = Path(archive.extract(member, target))
    mode = (member.external_attr >> 16) & _PERMISSION_BITS
    if mode and file.is_file():
        file.chmod(mode | _OWNER_MAY_READ_AND_WRITE)
