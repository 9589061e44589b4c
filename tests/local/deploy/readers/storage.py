"""S3 and DynamoDB."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from botocore.exceptions import ClientError

from tests.local.deploy.readers.shape import Client, Properties, Reader

_NOT_CONFIGURED = frozenset(
    {
        "NoSuchLifecycleConfiguration",
        "NoSuchPublicAccessBlockConfiguration",
        "NoSuchTagSet",
        "OwnershipControlsNotFoundError",
        "ServerSideEncryptionConfigurationNotFoundError",
    }
)


def _bucket(client: Client, physical_id: str, _: Properties) -> Properties:
    s3 = client("s3")
    s3.head_bucket(Bucket=physical_id)
    found: Properties = {"BucketName": physical_id}
    for name, (operation, shaped) in _SETTINGS.items():
        try:
            answer = getattr(s3, f"get_{operation}")(Bucket=physical_id)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _NOT_CONFIGURED:
                raise
        else:
            found[name] = shaped(answer)
    return found


def _encryption(answer: Properties) -> Properties:
    names = {"ApplyServerSideEncryptionByDefault": "ServerSideEncryptionByDefault"}
    rules = [
        {names.get(key, key): item for key, item in rule.items() if (key, item) != ("BucketKeyEnabled", False)}
        for rule in answer["ServerSideEncryptionConfiguration"]["Rules"]
    ]
    return {"ServerSideEncryptionConfiguration": rules}


def _lifecycle(answer: Properties) -> Properties:
    return {"Rules": [_rule(rule) for rule in answer["Rules"]]}


def _rule(rule: Properties) -> Properties:
    """Return a lifecycle rule in the spelling of templates."""
    found = {key: value for key, value in rule.items() if key not in ("ID", "Filter", "Prefix", "Expiration")}
    found["Id"] = rule["ID"]
    if prefix := rule.get("Filter", {}).get("Prefix"):
        found["Prefix"] = prefix
    return found | {_EXPIRATION[key]: value for key, value in rule.get("Expiration", {}).items()}


def _logging(answer: Properties) -> Properties | None:
    target = answer.get("LoggingEnabled")
    return target and {"DestinationBucketName": target["TargetBucket"], "LogFilePrefix": target["TargetPrefix"]}


def _notifications(answer: Properties) -> Properties | None:
    return {"EventBridgeConfiguration": {"EventBridgeEnabled": True}} if "EventBridgeConfiguration" in answer else None


def _bucket_policy(client: Client, physical_id: str, _: Properties) -> Properties:
    policy = json.loads(client("s3").get_bucket_policy(Bucket=physical_id)["Policy"])
    return {"Bucket": physical_id, "PolicyDocument": policy}


def _table(client: Client, physical_id: str, _: Properties) -> Properties:
    dynamodb, which = client("dynamodb"), {"TableName": physical_id}
    found = dynamodb.describe_table(**which)["Table"]
    backups = dynamodb.describe_continuous_backups(**which)["ContinuousBackupsDescription"]
    recovery = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
    expiry = dynamodb.describe_time_to_live(**which)["TimeToLiveDescription"]
    encryption = found.get("SSEDescription", {})
    return {
        **found,
        "BillingMode": found["BillingModeSummary"]["BillingMode"],
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": recovery == "ENABLED"},
        "SSESpecification": {
            "KMSMasterKeyId": encryption.get("KMSMasterKeyArn"),
            "SSEEnabled": encryption.get("Status") == "ENABLED",
            "SSEType": encryption.get("SSEType"),
        },
        "Tags": dynamodb.list_tags_of_resource(ResourceArn=found["TableArn"])["Tags"],
        "TimeToLiveSpecification": {
            "AttributeName": expiry.get("AttributeName"),
            "Enabled": expiry["TimeToLiveStatus"] == "ENABLED",
        },
    }


_EXPIRATION = {"Days": "ExpirationInDays", "ExpiredObjectDeleteMarker": "ExpiredObjectDeleteMarker"}
_SETTINGS: Mapping[str, tuple[str, Callable[[Properties], Properties | list[Properties] | None]]] = {
    "BucketEncryption": ("bucket_encryption", _encryption),
    "LifecycleConfiguration": ("bucket_lifecycle_configuration", _lifecycle),
    "LoggingConfiguration": ("bucket_logging", _logging),
    "NotificationConfiguration": ("bucket_notification_configuration", _notifications),
    "OwnershipControls": ("bucket_ownership_controls", lambda answer: answer["OwnershipControls"]),
    "PublicAccessBlockConfiguration": (
        "public_access_block",
        lambda answer: answer["PublicAccessBlockConfiguration"],
    ),
    "Tags": ("bucket_tagging", lambda answer: answer["TagSet"]),
    "VersioningConfiguration": ("bucket_versioning", lambda answer: {"Status": answer.get("Status")}),
}

READERS: Mapping[str, Reader] = {
    "AWS::DynamoDB::Table": _table,
    "AWS::S3::Bucket": _bucket,
    "AWS::S3::BucketPolicy": _bucket_policy,
}
