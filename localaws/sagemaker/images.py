"""Which local command stands in for a container image."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from localaws.sagemaker.monitoring import merger

_OWN: Mapping[str, Sequence[str]] = {
    "sagemaker-model-monitor-groundtruth-merger$": [sys.executable, str(Path(merger.__file__).resolve())]
}
_PYTHON = re.compile(r"python(3(\.\d+)?)?")


@dataclass(frozen=True)
class StandIn:
    """A local command in the place of an image.

    Attributes
    ----------
    image : str
        The image's URI.
    command : tuple of str
        First word: the image's Python. All words: its entry point, when there are more than one.
    """

    image: str
    command: tuple[str, ...]

    @property
    def python(self) -> str:
        """Return the image's Python interpreter."""
        return self.command[0]

    def entry_point(self) -> list[str]:
        """Return the image's own entry point.

        Raises
        ------
        LookupError
            If the image has only an interpreter here.
        """
        if len(self.command) == 1:
            raise LookupError(
                f"nothing stands in for the entry point of the image {self.image}: give ContainerEntrypoint, or map "
                "the image to a local command, e.g. {'sagemaker-model-monitor-analyzer': ['python', '-m', 'analyzer']}"
            )
        return list(self.command)

    def with_interpreter(self, command: Sequence[str]) -> list[str]:
        """Return `command` with the image's interpreter in the place of ``python`` or ``python3``.

        Examples
        --------
        >>> StandIn("an-image", ("/usr/bin/python3.11",)).with_interpreter(["python3", "train.py"])
        ['/usr/bin/python3.11', 'train.py']
        """
        first, *rest = command
        return [self.python if _PYTHON.fullmatch(first) else first, *rest]


def stand_in(image: str, images: Mapping[str, Sequence[str]]) -> StandIn:
    """Return what runs in the place of `image`: the first entry of `images` whose expression is found in the URI.

    Amazon's merge image has a stand-in here already, which an entry of `images` replaces.

    Examples
    --------
    >>> stand_in("1234.dkr.ecr.us-east-1.amazonaws.com/analyzer", {"analyzer$": ["python3", "-m", "analyzer"]}).command
    ('python3', '-m', 'analyzer')
    """
    for expression, command in {**images, **_OWN}.items():
        if re.search(expression, image):
            return StandIn(image, tuple(command))
    return StandIn(image, (sys.executable,))
