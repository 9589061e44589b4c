"""The four kinds of monitoring job definitions: immutable descriptions that schedules refer to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from localaws.sagemaker.account import Account
from localaws.sagemaker.api import Operation
from localaws.sagemaker.store import Document, Listing, Request, Table, described

_DEFINITIONS = Listing("JobDefinitionSummaries", name="MonitoringJobDefinitionName")


class JobDefinitions:
    """The operations on job definitions, the same for each kind."""

    def __init__(self, account: Account, tables: Mapping[str, Table]) -> None:
        self._account, self._tables = account, tables

    def operations(self) -> Mapping[str, Operation]:
        """Return the operations by Amazon's name."""
        return {
            f"{verb}{kind}JobDefinition{plural}": partial(operation, table, kind)
            for kind, table in self._tables.items()
            for verb, plural, operation in (
                ("Create", "", self._create),
                ("Describe", "", self._describe),
                ("List", "s", self._list),
                ("Delete", "", self._delete),
            )
        }

    def get(self, kind: str, name: str) -> Document:
        """Return the description of a definition.

        Raises
        ------
        NotFound
            If there is none.
        """
        return self._tables[kind].get(name).document

    def _create(self, table: Table, _: str, request: Request) -> Document:
        name = request["JobDefinitionName"]
        document = described(request, JobDefinitionArn=table.arn(name), CreationTime=self._account.now())
        document.setdefault("StoppingCondition", {"MaxRuntimeInSeconds": 3600})
        return {"JobDefinitionArn": table.add(name, document, request.get("Tags", [])).arn}

    def _describe(self, table: Table, _: str, request: Request) -> Document:
        return table.get(request["JobDefinitionName"]).document

    def _list(self, table: Table, kind: str, request: Request) -> Document:
        summaries = [_summary(record.document, kind) for record in table]
        wanted = request.get("EndpointName")
        return _DEFINITIONS.answer([one for one in summaries if wanted in (None, one["EndpointName"])], request)

    def _delete(self, table: Table, _: str, request: Request) -> Document:
        table.remove(request["JobDefinitionName"])
        return {}


def _summary(document: Document, kind: str) -> Document:
    return {
        "MonitoringJobDefinitionName": document["JobDefinitionName"],
        "MonitoringJobDefinitionArn": document["JobDefinitionArn"],
        "CreationTime": document["CreationTime"],
        "EndpointName": document[f"{kind}JobInput"].get("EndpointInput", {}).get("EndpointName", ""),
    }
