"""An account that may not begin with Model Monitor, which takes no new customers since 30 July 2026."""

from __future__ import annotations

from collections.abc import Mapping

from moto.core.exceptions import JsonRESTError

from localaws.sagemaker.api import Operation
from localaws.sagemaker.monitoring.definition import KINDS
from localaws.sagemaker.store import Document, Request


class AccessDeniedError(JsonRESTError):
    """What SageMaker answers to who may not do something; the error is common to all services."""

    def __init__(self, message: str) -> None:
        super().__init__("AccessDeniedException", message)


class Closed:
    """Refuses to create job definitions and schedules.

    Amazon has not published the words of the refusal; the code is the one that SageMaker has for what is not allowed.
    """

    def operations(self) -> Mapping[str, Operation]:
        """Return the operations by Amazon's name."""
        names = ["CreateMonitoringSchedule", *(f"Create{kind}JobDefinition" for kind in KINDS)]
        return dict.fromkeys(names, _refuse)


def _refuse(_: Request) -> Document:
    raise AccessDeniedError(
        "Amazon SageMaker Model Monitor takes no new customers, and this account is none of its customers."
    )
