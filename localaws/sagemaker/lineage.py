"""ML Lineage: actions, artifacts, contexts, and the associations between them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from localaws.sagemaker.account import Account
from localaws.sagemaker.api import Operation
from localaws.sagemaker.store import Document, Listing, NotFound, Request, Table, ValidationError, described, within

_ACTIONS = Listing("ActionSummaries", name="ActionName")
_ARTIFACTS = Listing("ArtifactSummaries", name="ArtifactArn")
_CONTEXTS = Listing("ContextSummaries", name="ContextName")
_ASSOCIATIONS = Listing("AssociationSummaries", name="SourceArn")


class Lineage:
    """The operations on lineage.

    SageMaker keeps an artifact of each model package and a context of each endpoint by itself; other entities that it
    makes (of jobs, images, data) are not made here.
    """

    def __init__(self, account: Account, actions: Table, artifacts: Table, contexts: Table, *sources: Table) -> None:
        self._account, self._actions, self._artifacts, self._contexts = account, actions, artifacts, contexts
        self._endpoints, self._packages = sources
        self._associations: list[Document] = []

    def operations(self) -> Mapping[str, Operation]:
        """Return the operations by Amazon's name."""
        return {
            "CreateAction": self.create_action,
            "DescribeAction": lambda request: self._actions.get(request["ActionName"]).document,
            "ListActions": lambda request: _ACTIONS.answer(
                _matching((one.document for one in self._actions), request, "ActionType"), request
            ),
            "CreateArtifact": self.create_artifact,
            "ListArtifacts": lambda request: _ARTIFACTS.answer(
                _matching(self._all_artifacts(), request, "ArtifactType"), request
            ),
            "ListContexts": lambda request: _CONTEXTS.answer(
                _matching(self._all_contexts(), request, "ContextType"), request
            ),
            "AddAssociation": self.add_association,
            "ListAssociations": self.list_associations,
        }

    def create_action(self, request: Request) -> Document:
        """Keep an action."""
        name, now = request["ActionName"], self._account.now()
        times = {"CreationTime": now, "LastModifiedTime": now}
        document = described(request, ActionArn=self._actions.arn(name), **times)
        return {"ActionArn": self._actions.add(name, document, request.get("Tags", [])).arn}

    def create_artifact(self, request: Request) -> Document:
        """Keep an artifact; there is one of a source at most."""
        uri = request["Source"]["SourceUri"]
        if any(one["Source"]["SourceUri"] == uri for one in self._all_artifacts()):
            raise ValidationError(f'Artifact with source URI "{uri}" already exists.')
        document = described(request, **self._artifact(uri))
        return {"ArtifactArn": self._artifacts.add(_digest(uri), document, request.get("Tags", [])).arn}

    def add_association(self, request: Request) -> Document:
        """Keep a directed edge between two entities."""
        entities = {one["ActionArn"]: one for one in (record.document for record in self._actions)}
        entities |= {one["ArtifactArn"]: one for one in self._all_artifacts()}
        entities |= {one["ContextArn"]: one for one in self._all_contexts()}
        ends = {name: request[name] for name in ("SourceArn", "DestinationArn")}
        for arn in ends.values():
            if arn not in entities:
                raise NotFound(f'Could not find the lineage entity "{arn}".')
        if any(ends.items() <= one.items() for one in self._associations):
            raise ValidationError(f"An association already exists: {ends}.")
        types = {f"{end.removesuffix('Arn')}Type": _type(entities[arn]) for end, arn in ends.items()}
        kind = request.get("AssociationType", "AssociatedWith")
        self._associations.append({**ends, **types, "AssociationType": kind, "CreationTime": self._account.now()})
        return dict(ends)

    def list_associations(self, request: Request) -> Document:
        """List the edges of an entity, or of all."""
        fields = ("SourceArn", "DestinationArn", "SourceType", "DestinationType", "AssociationType")
        wanted = {name: request[name] for name in fields if name in request}
        found = (one for one in self._associations if wanted.items() <= one.items() and _in_time(one, request))
        return _ASSOCIATIONS.answer(found, request)

    def _all_artifacts(self) -> Iterator[Document]:
        yield from (one.document for one in self._artifacts)
        for package in self._packages:
            made = package.document["CreationTime"]
            times = {"CreationTime": made, "LastModifiedTime": made}
            yield {
                **self._artifact(package.arn),
                "Source": {"SourceUri": package.arn},
                "ArtifactType": "Model",
                **times,
            }

    def _artifact(self, uri: str) -> Document:
        now = self._account.now()
        arn = self._artifacts.arn(_digest(uri))
        return {"ArtifactArn": arn, "CreationTime": now, "LastModifiedTime": now}

    def _all_contexts(self) -> Iterator[Document]:
        for endpoint in self._endpoints:
            name = f"{endpoint.document['EndpointName']}-aws-endpoint"
            yield {
                "ContextArn": self._contexts.arn(name),
                "ContextName": name,
                "ContextType": "Endpoint",
                "Source": {"SourceUri": endpoint.arn},
                "CreationTime": endpoint.document["CreationTime"],
                "LastModifiedTime": endpoint.document["LastModifiedTime"],
            }


def _matching(documents: Iterator[Document], request: Request, kind: str) -> Iterator[Document]:
    """Yield the documents of a source and a type, where the request names them."""
    for one in documents:
        is_of_source = request.get("SourceUri") in (None, one["Source"]["SourceUri"])
        if is_of_source and request.get(kind) in (None, one[kind]) and _in_time(one, request):
            yield one


def _in_time(one: Document, request: Request) -> bool:
    return within(one["CreationTime"], request.get("CreatedAfter"), request.get("CreatedBefore"))


def _type(entity: Document) -> str:
    return next(str(entity[kind]) for kind in ("ActionType", "ArtifactType", "ContextType") if kind in entity)


def _digest(uri: str) -> str:
    return hashlib.md5(uri.encode(), usedforsecurity=False).hexdigest()
