"""S3 and DynamoDB."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from localaws.cloudformation.resource import ApiResource, Properties, tag_map


class Bucket(ApiResource):
    """``AWS::S3::Bucket``; moto's own knows encryption and tags only."""

    TYPE = "AWS::S3::Bucket"
    NAME = "BucketName"
    MAX_NAME = 63

    def create(self) -> None:
        """Create the bucket, then configure it."""
        region = self.services.region
        where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        lock = self.properties.get("ObjectLockEnabled", False)
        self.client("s3").create_bucket(Bucket=self.name, ObjectLockEnabledForBucket=lock, **where)
        self._configure()
        self.attributes = {
            "Arn": f"arn:aws:s3:::{self.name}",
            "DomainName": f"{self.name}.s3.amazonaws.com",
            "RegionalDomainName": f"{self.name}.s3.{region}.amazonaws.com",
        }

    def update(self, properties: Properties) -> None:
        """Configure the bucket anew; objects stay."""
        old, self.properties = self.properties, {key: value for key, value in properties.items() if key != self.NAME}
        gone = old.keys() - self.properties.keys()
        if unknown := gone - _REMOVALS.keys():
            raise ValueError(f"taking away {sorted(unknown)} is not simulated")
        for name in gone:
            getattr(self.client("s3"), _REMOVALS[name])(Bucket=self.name)
        self._configure()

    def remove(self) -> None:
        """Delete the bucket, which must be empty."""
        self.client("s3").delete_bucket(Bucket=self.name)

    def _configure(self) -> None:
        settings = {key: value for key, value in self.properties.items() if key != "ObjectLockEnabled"}
        if unknown := set(settings) - set(_BUCKET_SETTINGS):
            raise ValueError(f"properties {sorted(unknown)} are not simulated")
        for name, value in settings.items():
            operation, arguments = _BUCKET_SETTINGS[name]
            getattr(self.client("s3"), operation)(Bucket=self.name, **arguments(value))


class BucketPolicy(ApiResource):
    """``AWS::S3::BucketPolicy``; moto's own is ignored."""

    TYPE = "AWS::S3::BucketPolicy"

    def create(self) -> None:
        """Put the policy."""
        self.physical_id = self.properties["Bucket"]
        policy = json.dumps(self.properties["PolicyDocument"])
        self.client("s3").put_bucket_policy(Bucket=self.physical_id, Policy=policy)

    def remove(self) -> None:
        """Delete the policy."""
        self.client("s3").delete_bucket_policy(Bucket=self.properties["Bucket"])


class Table(ApiResource):
    """``AWS::DynamoDB::Table``; moto's own drops backups and expiry."""

    TYPE = "AWS::DynamoDB::Table"
    NAME = "TableName"

    def create(self) -> None:
        """Create the table."""
        call = self.named()
        backups = call.pop("PointInTimeRecoverySpecification", None)
        expiry = call.pop("TimeToLiveSpecification", None)
        if (encryption := call.pop("SSESpecification", None)) is not None:
            call["SSESpecification"] = {"Enabled" if key == "SSEEnabled" else key: v for key, v in encryption.items()}
        answer = self.client("dynamodb").create_table(**call)["TableDescription"]
        self.attributes = {"Arn": answer["TableArn"], "StreamArn": answer.get("LatestStreamArn")}
        if backups is not None:
            self.client("dynamodb").update_continuous_backups(
                TableName=self.name, PointInTimeRecoverySpecification=backups
            )
        if expiry is not None:
            self.client("dynamodb").update_time_to_live(TableName=self.name, TimeToLiveSpecification=expiry)

    def remove(self) -> None:
        """Delete the table."""
        self.client("dynamodb").delete_table(TableName=self.name)


def _rules(value: Properties) -> dict[str, Any]:
    """Return a lifecycle configuration: CloudFormation writes short forms that the API does not have."""
    return {"LifecycleConfiguration": {"Rules": [_rule(rule) for rule in value["Rules"]]}}


def _rule(rule: Properties) -> Properties:
    days = {
        "ExpirationInDays": ("Expiration", "Days"),
        "ExpiredObjectDeleteMarker": ("Expiration", "ExpiredObjectDeleteMarker"),
        "NoncurrentVersionExpirationInDays": ("NoncurrentVersionExpiration", "NoncurrentDays"),
    }
    names = {"Id": "ID"}
    written: Properties = {"Filter": {"Prefix": rule.get("Prefix", "")}}
    for key, value in rule.items():
        if key in days:
            outer, inner = days[key]
            written.setdefault(outer, {})[inner] = value
        elif key != "Prefix":
            written[names.get(key, key)] = value
    if "Transitions" in written:
        written["Transitions"] = [
            {"Days" if key == "TransitionInDays" else key: value for key, value in one.items()}
            for one in written["Transitions"]
        ]
    return written


def _encryption(value: Properties) -> dict[str, Any]:
    rules = [
        {
            {"ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault"}.get(key, key): item
            for key, item in rule.items()
        }
        for rule in value["ServerSideEncryptionConfiguration"]
    ]
    return {"ServerSideEncryptionConfiguration": {"Rules": rules}}


def _notifications(value: Properties) -> dict[str, Any]:
    configuration = {key: item for key, item in value.items() if key != "EventBridgeConfiguration"}
    if configuration:
        raise ValueError(f"NotificationConfiguration {sorted(configuration)}: only EventBridge is simulated")
    return {"NotificationConfiguration": {"EventBridgeConfiguration": {}}}


def _canned(name: str) -> dict[str, Any]:
    """Return a canned ACL; the API spells LogDeliveryWrite ``log-delivery-write``."""
    return {"ACL": re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()}


_BUCKET_SETTINGS: Mapping[str, tuple[str, Callable[[Any], dict[str, Any]]]] = {
    "AccessControl": ("put_bucket_acl", _canned),
    "BucketEncryption": ("put_bucket_encryption", _encryption),
    "LifecycleConfiguration": ("put_bucket_lifecycle_configuration", _rules),
    "LoggingConfiguration": (
        "put_bucket_logging",
        lambda value: {
            "BucketLoggingStatus": {
                "LoggingEnabled": {
                    "TargetBucket": value["DestinationBucketName"],
                    "TargetPrefix": value.get("LogFilePrefix", ""),
                }
            }
        },
    ),
    "NotificationConfiguration": ("put_bucket_notification_configuration", _notifications),
    "OwnershipControls": ("put_bucket_ownership_controls", lambda value: {"OwnershipControls": value}),
    "PublicAccessBlockConfiguration": (
        "put_public_access_block",
        lambda value: {"PublicAccessBlockConfiguration": value},
    ),
    "Tags": (
        "put_bucket_tagging",
        lambda value: {"Tagging": {"TagSet": [{"Key": key, "Value": item} for key, item in tag_map(value).items()]}},
    ),
    "VersioningConfiguration": ("put_bucket_versioning", lambda value: {"VersioningConfiguration": value}),
}


_REMOVALS: Mapping[str, str] = {
    "LifecycleConfiguration": "delete_bucket_lifecycle",
    "OwnershipControls": "delete_bucket_ownership_controls",
    "PublicAccessBlockConfiguration": "delete_public_access_block",
    "Tags": "delete_bucket_tagging",
}


TYPES = (Bucket, BucketPolicy, Table)
