"""Which KMS keys a call uses on the caller's behalf: those that encrypt what it reads or writes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from localaws.access.needs import Home
from localaws.access.policy import Permission

_READ, _WRITE, _BOTH = ("Decrypt",), ("GenerateDataKey",), ("Decrypt", "GenerateDataKey")
_VERBS = {
    "dynamodb:DeleteItem": _READ,
    "dynamodb:GetItem": _READ,
    "dynamodb:PutItem": _READ,
    "dynamodb:Query": _READ,
    "dynamodb:UpdateItem": _READ,
    "s3:GetObject": _READ,
    "s3:GetObjectVersion": _READ,
    "s3:PutObject": _WRITE,
    "sns:Publish": _BOTH,
    "sqs:ReceiveMessage": _READ,
    "sqs:SendMessage": _BOTH,
}
"""Actions that use a key where there is one; a table's data keys are made by DynamoDB itself."""


@dataclass(frozen=True)
class Keys:
    """The keys of an account's buckets, tables, topics and queues."""

    home: Home

    def needs(self, permission: Permission) -> Iterator[Permission]:
        """Yield what must be allowed on keys, for an action on a resource."""
        verbs = _VERBS.get(permission.action, ())
        key = self._key(permission.resource) if verbs else None
        if key is None or key.startswith("alias/aws/"):  # everybody in the account may use Amazon's own keys
            return
        service = permission.action.partition(":")[0]
        arn = key if key.startswith("arn:") else f"{self._arn_prefix('kms')}key/{key}"
        for verb in verbs:
            via = ("kms:ViaService", f"{service}.{self.home.region}.amazonaws.com")
            yield Permission(f"kms:{verb}", arn, (via,))

    def _key(self, arn: str) -> str | None:
        account, region = self.home.account_id, self.home.region
        service, name = arn.split(":")[2], arn.split(":", 5)[5]
        match service:
            case "s3":
                return self._key_of_bucket(name.partition("/")[0])
            case "dynamodb":
                table = dynamodb_backends[account][region].tables.get(name.partition("/")[2])
                return (table.sse_specification or {}).get("KMSMasterKeyId") if table else None
            case "sns":
                topic = sns_backends[account][region].topics.get(arn)
                return topic.kms_master_key_id or None if topic else None
            case _:
                queue: Any = sqs_backends[account][region].queues.get(name)  # its settings are attributes by name
                return queue.kms_master_key_id or None if queue else None

    def _key_of_bucket(self, name: str) -> str | None:
        bucket = s3_backends[self.home.account_id]["aws"].buckets.get(name)
        rules = (bucket.encryption or {}).get("Rule", []) if bucket else []
        rule = rules[0] if isinstance(rules, list) and rules else rules
        default: dict[str, str] = rule.get("ApplyServerSideEncryptionByDefault", {}) if rule else {}
        return default.get("KMSMasterKeyID")

    def _arn_prefix(self, service: str) -> str:
        return f"arn:aws:{service}:{self.home.region}:{self.home.account_id}:"
