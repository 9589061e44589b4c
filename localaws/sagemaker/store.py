"""Resources as the API describes them: one document each, in the API's own words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.sagemaker.exceptions import AWSValidationException, ResourceInUseException, ResourceNotFound

Document = dict[str, Any]
Request = Mapping[str, Any]

ValidationError: type[Exception] = AWSValidationException
ResourceInUse: type[Exception] = ResourceInUseException
NotFound: type[Exception] = ResourceNotFound

_DEFAULT_PAGE = 100
_TAG_FIELD = "Tags"


@dataclass
class Record:
    """A resource: what its Describe operation answers, and its tags."""

    arn: str
    document: Document
    tags: list[dict[str, str]] = field(default_factory=list)


def described(request: Request, **more: Any) -> Document:
    """Return the document of a resource made by `request`: its fields but for the tags, and `more`."""
    return {key: value for key, value in request.items() if key != _TAG_FIELD} | more


class Table:
    """The resources of one type, by name.

    Parameters
    ----------
    kind : str
        As it stands in the ARN, e.g. ``endpoint``.
    arn : callable
        Makes the ARN of `kind` and a name.
    taken, missing : type
        The errors for a name that exists, and for one that does not; Amazon is not of one mind about them.
    """

    def __init__(
        self,
        kind: str,
        arn: Callable[[str, str], str],
        *,
        taken: type[Exception] = ValidationError,
        missing: type[Exception] = ValidationError,
    ) -> None:
        self.kind = kind
        self._arn, self._taken, self._missing = arn, taken, missing
        self._records: dict[str, Record] = {}

    def __iter__(self) -> Iterator[Record]:
        return iter(list(self._records.values()))

    def arn(self, name: str) -> str:
        """Return the ARN of the resource called `name`; Amazon writes it in lower case."""
        return self._arn(self.kind, name.lower())

    def add(self, name: str, document: Document, tags: Iterable[Mapping[str, str]] = ()) -> Record:
        """Keep a new resource.

        Raises
        ------
        ResourceInUse, ValidationError
            If the name is taken.
        """
        if name in self._records:
            raise self._taken(f'Cannot create already existing {self.kind} "{self.arn(name)}".')
        record = self._records[name] = Record(self.arn(name), document, [dict(tag) for tag in tags])
        return record

    def get(self, name: str) -> Record:
        """Return the resource called `name`, which may also be its ARN.

        Raises
        ------
        NotFound, ValidationError
            If there is none.
        """
        found = self.find(name)
        if found is None:
            raise self._missing(f'Could not find {self.kind} "{self.arn(name.rsplit("/", 1)[-1])}".')
        return found

    def find(self, name: str) -> Record | None:
        """Return the resource called `name` (in any case, as in Amazon) or with that ARN, or None."""
        if name in self._records:
            return self._records[name]
        return next((record for record in self._records.values() if record.arn in (name, self.arn(name))), None)

    def remove(self, name: str) -> Record:
        """Forget the resource called `name`, and return it."""
        record = self.get(name)
        self._records = {key: kept for key, kept in self._records.items() if kept is not record}
        return record


@dataclass(frozen=True)
class Listing:
    """How one List operation filters, sorts and pages.

    Attributes
    ----------
    result : str
        Key of the list in the answer.
    name, status : str
        Fields that ``NameContains`` and ``StatusEquals`` look at, and that ``SortBy`` means by Name and Status.
    created : str
        Field that ``CreationTimeAfter`` and ``CreationTimeBefore`` look at.
    descending : bool
        Whether the newest comes first when the request does not say.
    """

    result: str
    name: str
    status: str = ""
    created: str = "CreationTime"
    descending: bool = True

    def answer(self, documents: Iterable[Document], request: Request) -> Document:
        """Return one page of `documents`."""
        found = [document for document in documents if self._matches(document, request)]
        fields = {"Name": self.name, "Status": self.status}
        wanted = request.get("SortBy") or "CreationTime"
        key = wanted if any(wanted in document for document in found) else fields.get(wanted, self.created)
        order = request.get("SortOrder") or ("Descending" if self.descending else "Ascending")
        found.sort(key=lambda document: document[key], reverse=order == "Descending")
        start, size = int(request.get("NextToken") or 0), int(request.get("MaxResults") or _DEFAULT_PAGE)
        page: Document = {self.result: found[start : start + size]}
        return page | ({"NextToken": str(start + size)} if start + size < len(found) else {})

    def _matches(self, document: Document, request: Request) -> bool:
        return (
            str(request.get("NameContains") or "").lower() in str(document[self.name]).lower()
            and request.get("StatusEquals") in (None, document.get(self.status))
            and within(document[self.created], request.get("CreationTimeAfter"), request.get("CreationTimeBefore"))
            and within(
                document.get("LastModifiedTime") or document[self.created],
                request.get("LastModifiedTimeAfter"),
                request.get("LastModifiedTimeBefore"),
            )
        )


def within(moment: datetime, after: datetime | None, before: datetime | None) -> bool:
    """Tell whether `moment` lies between two bounds of a request, either of which may be missing."""
    return (after is None or moment >= _aware(after, moment)) and (before is None or moment <= _aware(before, moment))


def _aware(bound: datetime, like: datetime) -> datetime:
    return bound if bound.tzinfo else bound.replace(tzinfo=like.tzinfo)
