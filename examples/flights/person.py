"""What a person of the team does: reads the mail, and approves a better model."""

from __future__ import annotations

import re

from infra.config import EndpointConfig
from localaws.account import LocalAccount

_WAITS = re.compile(r"retraining ended: registered as version \d+, waiting for approval")
_MODEL = re.compile(r"^Model: +(\S+)$", flags=re.MULTILINE)
NOTE = "better on the latest flights"


class Person:
    """Approves every version that a message says is waiting; what happens then is up to the account.

    Parameters
    ----------
    account : LocalAccount
        Where the mail comes from.
    config : EndpointConfig
        Of the endpoint.
    """

    def __init__(self, account: LocalAccount, config: EndpointConfig) -> None:
        self._account, self._endpoint = account, config.name
        self._sagemaker = account.client("sagemaker")
        self._read = -1
        self._has_approved = False

    @property
    def sees_a_deployment(self) -> bool:
        """Whether the endpoint is changing after an approval."""
        if self._has_approved:
            told = self._sagemaker.describe_endpoint(EndpointName=self._endpoint)
            self._has_approved = told["EndpointStatus"] == "Updating"
        return self._has_approved

    def read_mail(self) -> None:
        """Do what the messages since the last time ask for."""
        for entry in self._account.journal("message", after=self._read):
            self._read = entry["number"]
            message = entry["detail"]
            if message["protocol"] == "email" and _WAITS.search(message["subject"] or ""):
                self._approve(message["message"])

    def _approve(self, message: str) -> None:
        waiting = _MODEL.search(message)
        if waiting is None:
            raise RuntimeError(f"a message says that a version waits, but not which:\n{message}")
        self._sagemaker.update_model_package(
            ModelPackageArn=waiting[1], ModelApprovalStatus="Approved", ApprovalDescription=NOTE
        )
        self._account.settle()
        self._has_approved = True
