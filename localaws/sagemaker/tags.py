"""Tags of the resources kept here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from localaws.sagemaker.api import Operation
from localaws.sagemaker.store import Document, Record, Request, Table, ValidationError


class Tags:
    """The operations on tags.

    Parameters
    ----------
    tables : iterable of Table
        Where resources are looked for.
    """

    def __init__(self, tables: Iterable[Table]) -> None:
        self._tables = list(tables)

    def operations(self) -> Mapping[str, Operation]:
        """Return the operations by Amazon's name."""
        return {"AddTags": self.add_tags, "ListTags": self.list_tags, "DeleteTags": self.delete_tags}

    def add_tags(self, request: Request) -> Document:
        """Set tags; a key that is there already gets the new value."""
        record = self._get(request)
        new = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
        record.tags = [tag for tag in record.tags if tag["Key"] not in new]
        record.tags += [{"Key": key, "Value": value} for key, value in new.items()]
        return {"Tags": record.tags}

    def list_tags(self, request: Request) -> Document:
        """Return all tags."""
        return {"Tags": self._get(request).tags}

    def delete_tags(self, request: Request) -> Document:
        """Remove tags by key."""
        record = self._get(request)
        record.tags = [tag for tag in record.tags if tag["Key"] not in request["TagKeys"]]
        return {}

    def _get(self, request: Request) -> Record:
        arn = request["ResourceArn"]
        for table in self._tables:
            if record := table.find(arn):
                return record
        raise ValidationError(f"Could not find a resource with the ARN {arn}.")
