"""What SageMaker needs of the account it lives in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol


class Account(Protocol):
    """The account that hosts SageMaker: one number, one region, one clock."""

    @property
    def account_id(self) -> str:
        """Return the account's number."""

    @property
    def region(self) -> str:
        """Return the only region."""

    @property
    def work_dir(self) -> Path:
        """Return scratch space: unpacked models, job sandboxes, logs."""

    @property
    def images(self) -> Mapping[str, Sequence[str]]:
        """Return which local command stands in for a container image.

        Regular expression searched in the image URI -> argument vector. Its first word is the image's Python; the whole
        of it is the image's entry point. The first match counts; an image that matches nothing has the running
        interpreter and no entry point.
        """

    @property
    def seed(self) -> int:
        """Return what sampling, variant choice and identifiers follow from, so that a run can be repeated."""

    @property
    def model_monitor(self) -> bool:
        """Return whether the account may use Model Monitor, which takes no new customers."""

    def now(self) -> datetime:
        """Return the simulated time, in UTC."""

    def client(self, service: str, role: str | None = None) -> Any:
        """Return a boto3 client of a service of the account; its owner's, or with the permissions of `role`."""

    def environment(self, role: str | None = None) -> dict[str, str]:
        """Return the environment variables by which an AWS client in another process finds the account."""

    def put_event(
        self, *, detail_type: str, source: str, detail: Mapping[str, Any], resources: Sequence[str], time: datetime
    ) -> None:
        """Put an event of an AWS service on the default bus."""
