"""A container that the platform starts as root works as somebody else.

SageMaker mounts the folders of a job with root as their only writer and lets nobody choose another user. So a container
begins as root, hands those folders over, and gives root up for good before it reads any data.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

USER: Final = "WATCHKEEPER_USER"
"""Environment variable of the image: the number of its own user and group. 0 stays root."""
FOLDERS: Final = (Path("/opt/ml/processing"), Path("/opt/ml/output"))
"""Where the platform mounts inputs and takes results from."""


def give_up_root(environment: Mapping[str, str], folders: tuple[Path, ...] = FOLDERS) -> None:
    """Become the image's own user, who may write below some folders; nothing happens to who is not root.

    Only folders change hands, no files: inputs stay as they are, and readable as the platform leaves them.

    Raises
    ------
    OSError
        If the platform does not allow it: a job that cannot give up root must not go on as root unnoticed.
    """
    user = int(environment.get(USER, "0"))
    if user == 0 or os.geteuid() != 0:
        return
    for top in folders:
        for folder, _, _ in os.walk(top):
            os.chown(folder, user, user)
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
