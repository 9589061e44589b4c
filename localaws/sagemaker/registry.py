"""The model registry: groups, numbered versions, and their approval."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from localaws.sagemaker import events
from localaws.sagemaker.account import Account
from localaws.sagemaker.api import Operation
from localaws.sagemaker.store import Document, Listing, Record, Request, Table, ValidationError, described

_GROUPS = Listing("ModelPackageGroupSummaryList", name="ModelPackageGroupName", descending=False)
_PACKAGES = Listing("ModelPackageSummaryList", name="ModelPackageArn", descending=False)
_EVENT_FIELDS = (
    "ModelPackageGroupName",
    "ModelPackageVersion",
    "ModelPackageArn",
    "ModelPackageDescription",
    "CreationTime",
    "LastModifiedTime",
    "InferenceSpecification",
    "ModelPackageStatus",
    "ModelApprovalStatus",
    "ApprovalDescription",
    "ModelMetrics",
    "ModelLifeCycle",
    "CustomerMetadataProperties",
    "MetadataProperties",
)
_UPDATED = (
    "ModelApprovalStatus",
    "ApprovalDescription",
    "ModelPackageRegistrationType",
    "InferenceSpecification",
    "SourceUri",
    "ModelCard",
    "ModelLifeCycle",
)


class Registry:
    """The operations on model packages and their groups."""

    def __init__(self, account: Account, groups: Table, packages: Table) -> None:
        self._account, self._groups, self._packages = account, groups, packages
        self._versions: dict[str, int] = {}

    def operations(self) -> Mapping[str, Operation]:
        """Return the operations by Amazon's name."""
        return {
            "CreateModelPackageGroup": self.create_group,
            "DescribeModelPackageGroup": lambda request: self._groups.get(request["ModelPackageGroupName"]).document,
            "ListModelPackageGroups": lambda request: _GROUPS.answer((one.document for one in self._groups), request),
            "DeleteModelPackageGroup": self.delete_group,
            "CreateModelPackage": self.create_package,
            "DescribeModelPackage": lambda request: self._packages.get(request["ModelPackageName"]).document,
            "ListModelPackages": self.list_packages,
            "UpdateModelPackage": self.update_package,
            "DeleteModelPackage": self.delete_package,
        }

    def create_group(self, request: Request) -> Document:
        """Keep a group."""
        name = request["ModelPackageGroupName"]
        document = described(
            request,
            ModelPackageGroupArn=self._groups.arn(name),
            ModelPackageGroupStatus="Completed",
            CreationTime=self._account.now(),
        )
        return {"ModelPackageGroupArn": self._groups.add(name, document, request.get("Tags", [])).arn}

    def delete_group(self, request: Request) -> Document:
        """Forget a group without versions."""
        record = self._groups.get(request["ModelPackageGroupName"])
        if any(self._in_group(package, record) for package in self._packages):
            raise ValidationError(f'Cannot delete model package group "{record.arn}": it still has model packages.')
        self._groups.remove(record.arn)
        return {}

    def create_package(self, request: Request) -> Document:
        """Keep a model package: the next version of its group, or one of its own name."""
        group, name = request.get("ModelPackageGroupName"), request.get("ModelPackageName")
        if (group is None) == (name is None):
            raise ValidationError("One of ModelPackageGroupName and ModelPackageName must be given, and not both.")
        now = self._account.now()
        document = described(request, ModelPackageStatus="Completed", CreationTime=now)
        document["ModelPackageStatusDetails"] = {"ValidationStatuses": [], "ImageScanStatuses": []}
        document.pop("ClientToken", None)
        if group is not None:
            owner = self._groups.get(group).document["ModelPackageGroupName"]
            version = self._versions[owner] = self._versions.get(owner, 0) + 1  # a deleted number never comes back
            name = f"{owner}/{version}"
            document |= {"ModelPackageGroupName": owner, "ModelPackageVersion": version}
            document.setdefault("ModelApprovalStatus", "PendingManualApproval")
        document["ModelPackageArn"] = self._packages.arn(str(name))
        record = self._packages.add(str(name), document, request.get("Tags", []))
        self._announce(record, [])
        return {"ModelPackageArn": record.arn}

    def update_package(self, request: Request) -> Document:
        """Change what the request mentions; approval above all."""
        record = self._packages.get(request["ModelPackageArn"])
        document = record.document
        changed = [field for field in _UPDATED if field in request]
        document |= {field: request[field] for field in changed}
        if "CustomerMetadataProperties" in request or "CustomerMetadataPropertiesToRemove" in request:
            kept = document.get("CustomerMetadataProperties", {}) | request.get("CustomerMetadataProperties", {})
            removed = request.get("CustomerMetadataPropertiesToRemove", [])
            document["CustomerMetadataProperties"] = {key: kept[key] for key in kept if key not in removed}
            changed.append("CustomerMetadataProperties")
        if more := request.get("AdditionalInferenceSpecificationsToAdd"):
            document["AdditionalInferenceSpecifications"] = [
                *document.get("AdditionalInferenceSpecifications", []),
                *more,
            ]
            changed.append("AdditionalInferenceSpecifications")
        document["LastModifiedTime"] = self._account.now()
        self._announce(record, changed)
        return {"ModelPackageArn": record.arn}

    def list_packages(self, request: Request) -> Document:
        """List versions of a group, or packages without a group, or both."""
        kind = request.get("ModelPackageType") or "Unversioned"
        group = request.get("ModelPackageGroupName")
        owner = self._groups.get(group) if group else None
        found = [
            package.document
            for package in self._packages
            if (self._in_group(package, owner) if owner else self._is(package, kind))
            and request.get("ModelApprovalStatus") in (None, package.document.get("ModelApprovalStatus"))
        ]
        return _PACKAGES.answer(found, request)

    def delete_package(self, request: Request) -> Document:
        """Forget a model package."""
        self._packages.remove(request["ModelPackageName"])
        return {}

    def _in_group(self, package: Record, group: Record) -> bool:
        return bool(package.document.get("ModelPackageGroupName") == group.document["ModelPackageGroupName"])

    def _is(self, package: Record, kind: str) -> bool:
        return kind == "Both" or (kind == "Versioned") == ("ModelPackageVersion" in package.document)

    def _announce(self, record: Record, changed: list[str]) -> None:
        detail = {field: record.document[field] for field in _EVENT_FIELDS if field in record.document}
        detail["UpdatedModelPackageFields"] = changed
        events.send(self._account, "Model Package State Change", _iso_times(detail), record.arn)


def _iso_times(value: Any) -> Any:
    """Model package events write times as text, unlike the events of jobs."""
    if isinstance(value, Mapping):
        return {key: _iso_times(inner) for key, inner in value.items()}
    return events.iso(value) if isinstance(value, datetime) else value
