"""Custom resource `Custom::WatchkeeperAnalysisConfig`: what Clarify is to analyse, as an object in S3.

Its address follows from its content: job definitions are replaced, never changed, and what they name stays as it was.
"""

from __future__ import annotations

from typing import Final

from functions.common.contract import Prefix
from functions.common.custom_resource import FromCloudFormation
from functions.common.storage import sha256, write
from functions.model_monitor.waiting import Wait

_ID_LENGTH: Final = 16


class AnalysisConfig(FromCloudFormation):
    """Writes the document below the prefix."""

    prefix: Prefix
    document: str

    @property
    def physical_id(self) -> str:
        """The prefix: an update never deletes."""
        return self.prefix

    def provide(self, wait: Wait) -> dict[str, str]:  # noqa: ARG002 - nothing to wait for
        """Write the object; return its address."""
        body = self.document.encode()
        uri = f"{self.prefix}{sha256(body)[:_ID_LENGTH]}/analysis_config.json"
        write(uri, body)
        return {"Uri": uri}

    def remove(self, wait: Wait) -> None:
        """Keep it: past verdicts rest on it."""
